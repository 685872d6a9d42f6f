import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelsDir, programDir } from "../../server/engine/packages.ts";
import { noHelpers } from "../../shared/protocol/helpers.ts";
import { jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { disc, encoder, gradient, headerOnlyPng, png } from "../image/makePictures.ts";
import { bundleProgram } from "../server/bundleProgram.ts";
import type { RawClient } from "../server/rawClient.ts";
import { miniInfo, sha256Of, startTestServer, type TestServer } from "../server/testServer.ts";

// The engine's real process behind the real server, with pictures that it must refuse; no model is run.

let childPath: string;
let models: string;
let server: TestServer;
let client: RawClient;
let good: Buffer;
beforeAll(async () => {
  childPath = await bundleProgram("server/engine/child.ts");
  models = await damagedModels();
  // The engine's process also finds models in the folder that it is started in.
  process.chdir(models);
  const names = ["mini", "absent", "truncated", "foreign"];
  server = await startTestServer({
    engine: { childPath },
    readInstalled: async () => ({
      models: names.map((name) => ({ ...miniInfo, name })),
      helpers: noHelpers,
      damaged: {},
    }),
  });
  client = await server.client();
  good = await png(disc(96, 80));
});
afterAll(async () => {
  await server.remove();
  await rm(childPath, { force: true });
  process.chdir(programDir());
  await rm(models, { recursive: true, force: true });
});

/** The embedded model twice, but for one file of weights: cut short, and with a tensor that does not belong. */
async function damagedModels(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-damaged-"));
  const weights = "ip_adapter.safetensors";
  const bytes = await readFile(join(modelsDir(), "mini", weights));
  const foreign = Buffer.from(bytes);
  foreign.write("other_proj", foreign.indexOf("image_proj.latents"));
  for (const [name, content] of [
    ["truncated", bytes.subarray(0, -4)],
    ["foreign", foreign],
  ] as const) {
    await mkdir(join(dir, name));
    for (const file of await readdir(join(modelsDir(), "mini"))) {
      const isGraph = /\.onnx|compiled\.json/.test(file);
      if (file !== weights && !isGraph) await symlink(join(modelsDir(), "mini", file), join(dir, name, file));
    }
    await writeFile(join(dir, name, weights), content);
  }
  return dir;
}

async function run(product: Uint8Array, reference: Uint8Array = good, model = "mini") {
  for (const bytes of [product, reference]) await client.upload(bytes, sha256Of(bytes));
  const inputs = { product: sha256Of(product), reference: sha256Of(reference) };
  return await client.end(await client.submit(jobParamsSchema.parse({ settings: { seed: 1 }, inputs, model })));
}

test("the engine takes what others leave of the processor", async () => {
  const pid = server.enginePid();
  expect(pid).toBeDefined();
  await expect.poll(() => getPriority(pid), { timeout: 10_000 }).toBeGreaterThan(getPriority());
});

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

test("unusual pictures are read as what they show", async () => {
  const picture = gradient(48, 32);
  const raw = sharp(picture.data, { raw: { width: 48, height: 32, channels: 4 } });
  // A mask of another shape is refused with the size that the product turned out to have.
  const mask = await png(gradient(31, 10));
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["CMYK", await raw.clone().removeAlpha().toColourspace("cmyk").jpeg().toBuffer(), "48×32"],
    ["16-bit", await raw.clone().toColourspace("rgb16").png().toBuffer(), "48×32"],
    ["stored on its side", await raw.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(), "32×48"],
    ["with alpha", await png(disc(48, 32)), "48×32"],
    ["1×4096", await png(gradient(1, 4096)), "1×4096"],
  ];
  await client.upload(mask, sha256Of(mask));
  for (const [name, bytes, size] of cases) {
    await client.upload(bytes, sha256Of(bytes));
    const inputs = { product: sha256Of(bytes), reference: sha256Of(good), productMask: sha256Of(mask) };
    const end = await client.end(await client.submit(jobParamsSchema.parse({ settings: {}, inputs })));
    expect(end, name).toMatchObject({
      code: "mask_mismatch",
      message: expect.stringContaining(`aspect ratio of product (${size},`),
    });
  }
});

test("truncated and foreign weights are model_corrupt, and the same engine goes on", async () => {
  const pid = server.enginePid();
  for (const [name, says] of [
    ["truncated", "bytes"],
    ["foreign", "other_proj.latents"],
  ] as const) {
    const end = await run(good, good, name);
    expect(end, name).toMatchObject({ type: "failed", code: "model_corrupt", message: expect.stringContaining(says) });
    expect(JSON.stringify(end)).not.toContain(models);
  }
  expect(server.enginePid()).toBe(pid);
});

test("a click on a picture comes back as a mask, without a job", async () => {
  const bytes = await png(disc(96, 80));
  await client.upload(bytes, sha256Of(bytes));
  const requestId = randomUUID();
  const points = [{ x: 0.5, y: 0.5, keep: true }];
  client.send({ type: "segment", requestId, picture: sha256Of(bytes), points });
  const mask = sharp((await client.takeMask(requestId)).payload);
  expect(await mask.metadata()).toMatchObject({ format: "png", width: 96, height: 80, channels: 1, depth: "uchar" });
  const data = await mask.toColourspace("b-w").raw().toBuffer();
  // The picture is a disc on nothing: it is the object, and its surroundings are not.
  expect([data[40 * 96 + 48], data[0], data.at(-1)]).toEqual([255, 0, 0]);
});

test("a model that went away is told by its name, without a path", async () => {
  const end = await run(good, good, "absent");
  expect(end).toMatchObject({ type: "failed", code: "model_unknown" });
  expect(JSON.stringify(end)).not.toContain("models/");
});

test("an engine that dies at the second variant leaves the first as it is, and the next engine paints only what is missing", async () => {
  await client.upload(good, sha256Of(good));
  const inputs = { product: sha256Of(good), reference: sha256Of(good) };
  const settings = { seed: 1, steps: 2, strength: 1, variants: 2 };
  const jobId = await client.submit(jobParamsSchema.parse({ settings, inputs, model: "mini", previews: false }));
  await client.take("event", ({ event }) => event.type === "variant_done");
  process.kill(server.enginePid() ?? 0, "SIGKILL");
  const end = await client.end(jobId);
  const events = client.events(jobId).map(({ event }) => event);
  const finished = events.flatMap((event) => (event.type === "variant_done" ? [event] : []));
  expect(finished.map(({ variant, seed }) => [variant, seed])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(end).toMatchObject({ type: "done", outputs: finished.flatMap(({ outputs }) => outputs) });
  const again = events.slice(events.findIndex(({ type }) => type === "retrying"));
  const painted = again.flatMap((event) => (event.type === "progress" ? [event.variant] : []));
  expect(new Set(painted)).toEqual(new Set([2]));
  for (const { name, sha256 } of finished.flatMap(({ outputs }) => outputs)) {
    const response = await server.get(`/results/${jobId}/${name}`, { Authorization: `Bearer ${client.sessionToken}` });
    expect(sha256Of(new Uint8Array(await response.arrayBuffer())), name).toBe(sha256);
  }
});

test("a job's files are its result, the background, a thumbnail and the recipe, and need the session's token", async () => {
  await client.upload(good, sha256Of(good));
  const settings = { seed: 1, steps: 1, width: 300, height: 150 };
  const inputs = { product: sha256Of(good), reference: sha256Of(good) };
  const jobId = await client.submit(jobParamsSchema.parse({ settings, inputs, model: "mini" }));
  const end = await client.end(jobId);
  expect(end.type === "done" && end.outputs.map(({ role, name }) => [role, name])).toEqual([
    ["result", "result-1.png"],
    ["background", "background-1.png"],
    ["thumbnail", "thumbnail-1.jpg"],
    ["recipe", "recipe-1.json"],
  ]);
  const path = `/results/${jobId}/thumbnail-1.jpg`;
  expect((await server.get(path)).status).toBe(401);
  const response = await server.get(path, { Authorization: `Bearer ${client.sessionToken}` });
  expect(response.headers.get("content-type")).toBe("image/jpeg");
  const thumbnail = Buffer.from(await response.arrayBuffer());
  expect(await sharp(thumbnail).metadata()).toMatchObject({ format: "jpeg", width: 256, height: 128 });
});
