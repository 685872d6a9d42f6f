import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compileGraphs } from "../../server/checkpoint/compile.ts";
import { graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { descriptionSchema } from "../../server/checkpoint/modelPackage.ts";
import { sessionNeed, togetherBytes } from "../../server/engine/memoryPlan.ts";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob } from "../../server/pipeline/job.ts";
import { latentDims } from "../../server/pipeline/latents.ts";
import { floats } from "../../server/runtime/tensor.ts";
import type { Size } from "../../shared/geometry.ts";
import { settingsSchema } from "../../shared/settings.ts";
import { paint, png } from "../image/makePictures.ts";

// A package with a decoder for previews: the embedded model with its own autoencoder in that place, so that a preview has to be
// what the autoencoder would paint. Where memory is short it is done without.

const work = { width: 64, height: 64 };
const large = { width: 256, height: 256 };
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-preview-"));
  await cp(join(modelsDir(), "mini"), dir, { recursive: true, filter: (path) => !/\.onnx|compiled\.json/.test(path) });
  await cp(join(dir, "vae"), join(dir, "preview_decoder"), { recursive: true });
  const file = join(dir, "backdrop.json");
  const description = descriptionSchema.parse(JSON.parse(await readFile(file, "utf8")));
  const copies = description.files
    .filter(({ path }) => path.startsWith("vae/"))
    .map((entry) => ({ ...entry, path: entry.path.replace("vae/", "preview_decoder/") }));
  await writeFile(file, JSON.stringify({ ...description, files: [...description.files, ...copies] }));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** `availableMemory`: what is found free */
async function using<Result>(
  availableMemory: () => Promise<number>,
  use: (model: OpenModel) => Promise<Result>,
): Promise<Result> {
  const model = await openModel(dir, { provider: "cpu", availableMemory });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

const plenty = async () => 1e12;

/** So much that the other graphs of a job at this size fit, and no more. */
async function roomForOthers(size: Size): Promise<number> {
  const needs = (await compileGraphs(dir, graphsForSize(size))).map(({ memory }) => sessionNeed(memory));
  return togetherBytes(needs) + 24 * size.width * size.height;
}

test("it is loaded for previews only, and decodes as the autoencoder does", async () => {
  await using(plenty, async (model) => {
    expect(await model.prepare([work], work)).toEqual({});
    expect(await model.prepare([work], work, { previews: true })).toEqual({ previewDecoder: true });
    const dims = latentDims(work);
    const latents = floats(
      Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
      dims,
    );
    const [ours, its] = await Promise.all([
      model.run({ graph: "preview_decoder", ...work }, { latents }),
      model.run({ graph: "vae_decoder", ...work }, { latents }),
    ]);
    expect(ours).toEqual(its);
  });
});

test("where it does not fit beside the others, the others run without it; the memory is read once", async () => {
  const availableMemory = vi.fn(async () => await roomForOthers(large));
  await using(availableMemory, async (model) => {
    expect(await model.prepare([large], large, { previews: true })).toEqual({});
    expect(availableMemory).toHaveBeenCalledTimes(1);
  });
});

test("where its weights do not fit its config, previews are made without it", async () => {
  const file = join(dir, "preview_decoder/config.json");
  const config = await readFile(file, "utf8");
  await writeFile(file, config.replace(/("num_decoder_blocks":\s*\[\s*)4/, "$13"));
  try {
    await using(plenty, async (model) => {
      expect(await model.prepare([work], work, { previews: true })).toEqual({});
    });
  } finally {
    await writeFile(file, config);
  }
});

test("the last preview is the picture; by the linear map it is only near it", async () => {
  const picture = await png(paint(256, 256, (x, y) => [x, y, 128, 255]));
  // Of one colour, so that JPEG changes little of it.
  const product = await png(paint(256, 256, (x, y) => [200, 60, 40, Math.hypot(x - 128, y - 128) < 60 ? 255 : 0]));
  const settings = { ...settingsSchema.parse({ steps: 4, prompt: "a wooden table" }), seed: 3 };
  const distance = async (availableMemory: () => Promise<number>) =>
    await using(availableMemory, async (model) => {
      const job = await decodeJob(
        { product: { name: "product", bytes: product }, reference: { name: "reference", bytes: picture } },
        settings,
      );
      const previews: Uint8Array[] = [];
      const { variants } = await generate(model, job, { onPreview: ({ jpeg }) => void previews.push(jpeg) });
      const none = new Uint8Array();
      return await meanDifference(previews.at(-1) ?? none, variants[0]?.result ?? none);
    });
  const little = await roomForOthers(large);
  const [decoded, mapped] = [await distance(plenty), await distance(async () => little)];
  expect(decoded).toBeLessThan(3);
  expect(mapped).toBeGreaterThan(5 * decoded);
});

/** Of all channels, 0 … 255. */
async function meanDifference(a: Uint8Array, b: Uint8Array): Promise<number> {
  const [left, right] = await Promise.all([a, b].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer()));
  if (left === undefined || left.length !== right?.length) throw new Error("the pictures differ in size");
  return left.reduce((sum, value, i) => sum + Math.abs(value - (right[i] ?? 0)), 0) / left.length;
}
