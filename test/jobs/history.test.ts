import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openHistory } from "../../server/jobs/history.ts";
import { stubParams } from "../server/testServer.ts";

test("of a job without records, each variant has the product pixels that its own recipe counts", async () => {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-history-"));
  const history = await openHistory(dir);
  const jobId = "0192d3a4-5b6c-7d7e-8f90-000000000001";
  const outputs = [1, 2, 3].map((variant) => {
    return { name: `result-${variant}.png`, role: "result" as const, variant, sizeBytes: 1, sha256: "c".repeat(64) };
  });
  const event = { type: "done" as const, outputs, seed: 7, timingsMs: {}, productPixelsChanged: 5 };
  const params = stubParams({}, { variants: 3 });
  const createdAt = "2026-11-25T09:12:00.000Z";
  await history.save({ schemaVersion: 1, jobId, createdAt, params, seed: 7, restarts: 0, end: { seq: 9, event } });
  for (const [variant, changedPixels] of [
    [1, 0],
    [2, 5],
  ]) {
    const recipe = JSON.stringify({ schemaVersion: 1, product: { opaquePixels: 9, changedPixels } });
    await writeFile(join(history.dirOf(jobId), `recipe-${variant}.json`), recipe);
  }
  const [{ variants } = { variants: [] }] = (await history.load()).jobs;
  // Of the third nobody knows: all of them at most.
  expect(variants.map(({ productPixelsChanged }) => productPixelsChanged)).toEqual([0, 5, 5]);
  await rm(dir, { recursive: true });
});
