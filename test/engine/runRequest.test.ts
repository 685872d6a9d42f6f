import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EngineRequest } from "../../server/engine/messages.ts";
import { runRequest } from "../../server/engine/runRequest.ts";
import { readVariants } from "../../server/engine/variantFiles.ts";
import { openHistory } from "../../server/jobs/history.ts";
import type { Model } from "../../server/pipeline/model.ts";
import type { FinishedVariant } from "../../shared/protocol/jobs.ts";
import { parseSettings } from "../../shared/settings.ts";
import { disc, gradient, png } from "../image/makePictures.ts";
import { arithmeticModel } from "../pipeline/arithmeticModel.ts";

// Protects that an attempt takes over exactly what is finished of this job, by the same painter, and that a job is one painter's.

const jobId = "0192d3a4-5b6c-7d7e-8f90-000000000001";
const files = { product: "", reference: "" };
let dir: string;
let outDir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-request-"));
  outDir = join(dir, jobId);
  files.product = join(dir, "product.png");
  files.reference = join(dir, "reference.png");
  await writeFile(files.product, await png(disc(96, 80)));
  await writeFile(files.reference, await png(gradient(96, 80)));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Attempt {
  readonly variants: number;
  readonly model?: Model;
  readonly seed?: number;
  readonly provider?: "cpu" | "webgpu";
}

/** Which variants the attempt paints, what it tells, and its end. */
async function attempt({ variants, model = arithmeticModel(), seed = 7, provider = "cpu" }: Attempt) {
  const settings = { ...parseSettings({ prompt: "a", steps: 1, variants }), seed };
  const target = { provider, precision: "fp32" } as const;
  const request: EngineRequest = { jobId, model: "model", target, settings, files, outDir, previews: false };
  const painted = new Set<number>();
  const told: FinishedVariant[] = [];
  const end = await runRequest(request, async () => model, {
    onStep: ({ variant }) => void painted.add(variant),
    onVariant: (finished) => void told.push(finished),
  });
  expect(end.outputs).toEqual(told.flatMap(({ outputs }) => outputs));
  return { painted: [...painted], told, end };
}

test("what the same painter has finished is not painted again", async () => {
  const { told } = await attempt({ variants: 1 });
  const again = await attempt({ variants: 2 });
  expect([again.painted, again.told[0]]).toEqual([[2], told[0]]);
});

test("a job whose variants are all finished is done without its pictures and its model", async () => {
  const { told } = await attempt({ variants: 2 });
  await rm(files.product);
  expect((await attempt({ variants: 2, provider: "webgpu" })).told).toEqual(told);
});

test("another model, or another provider, paints a job that is not whole from the first variant on", async () => {
  await attempt({ variants: 1 });
  expect((await attempt({ variants: 2, model: arithmeticModel({ sha256: "e".repeat(64) }) })).painted).toEqual([1, 2]);
  expect((await attempt({ variants: 3, provider: "webgpu" })).painted).toEqual([1, 2, 3]);
});

test("a record of another job is none: other seeds are painted", async () => {
  await attempt({ variants: 1 });
  expect((await attempt({ variants: 1, seed: 8 })).painted).toEqual([1]);
  expect(await readVariants(outDir, { seed: 7, variants: 1 })).toEqual([]);
});

test("a job whose removal was interrupted at its own record has nothing finished", async () => {
  await attempt({ variants: 2 });
  const history = await openHistory(dir);
  // A folder of that name cannot be removed as a file.
  await mkdir(join(outDir, "job.json"));
  await expect(history.remove(jobId)).rejects.toThrow();
  expect((await readdir(outDir)).filter((name) => name.startsWith("variant-"))).toEqual([]);
});
