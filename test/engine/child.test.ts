import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { disc, encoder, gradient, headerOnlyPng, png } from "../image/makePictures.ts";
import { bundleEngine } from "../server/bundleEngine.ts";
import type { RawClient } from "../server/rawClient.ts";
import { sha256Of, startTestServer, type TestServer } from "../server/testServer.ts";

// The engine's real process behind the real server, with pictures that it must refuse; no model is run.

let childPath: string;
let server: TestServer;
let client: RawClient;
let good: Buffer;
beforeAll(async () => {
  childPath = await bundleEngine();
  server = await startTestServer({ engine: { childPath }, models: ["mini", "absent"] });
  client = await server.client();
  good = await png(disc(96, 80));
});
afterAll(async () => {
  await server.remove();
  await rm(childPath, { force: true });
});

async function run(product: Uint8Array, reference: Uint8Array = good, model = "mini") {
  for (const bytes of [product, reference]) await client.upload(bytes, sha256Of(bytes));
  const inputs = { product: sha256Of(product), reference: sha256Of(reference) };
  return await client.end(await client.submit(jobParamsSchema.parse({ settings: { seed: 1 }, inputs, model })));
}

test("pictures that cannot be used end the job with their code, and the same engine goes on", async () => {
  const pid = server.enginePid();
  const whole = await png(gradient(64, 64));
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 16;
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ["image_corrupt", Buffer.from("not a picture\n")],
    ["image_corrupt", whole.subarray(0, whole.length >> 1)],
    ["image_corrupt", flipped],
    ["image_corrupt", (await encoder(gradient(64, 64)).jpeg().toBuffer()).subarray(0, 300)],
    ["image_too_large", headerOnlyPng(40_000, 40_000)],
    ["image_unsupported", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ["image_unsupported", Buffer.from("GIF89a")],
    ["image_unsupported", Buffer.from("II*\0")],
    ["product_empty", await png({ width: 8, height: 8, data: new Uint8Array(256) })],
  ];
  for (const [code, bytes] of cases) {
    const end = await run(bytes);
    expect(end).toMatchObject({ type: "failed", code, retryable: false });
    expect(end.type === "failed" && end.message).toMatch(/^product: /);
  }
  expect(await run(good, Buffer.from("text"))).toMatchObject({ message: expect.stringContaining("reference: ") });
  expect(server.enginePid()).toBe(pid);
});

test("a model that went away is told by its name, without a path", async () => {
  const end = await run(good, good, "absent");
  expect(end).toMatchObject({ type: "failed", code: "model_unknown" });
  expect(JSON.stringify(end)).not.toContain("models/");
});
