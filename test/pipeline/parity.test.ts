import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob } from "../../server/pipeline/job.ts";
import type { Model } from "../../server/pipeline/model.ts";
import { parseSettings, type SettingsInput } from "../../shared/settings.ts";
import { pick, readFixture } from "../networks/support.ts";

// Protects the pipeline as a whole: from the pictures and words of a request to the final latents and the painted picture, everything must
// come out as diffusers' pipelines make it of the same weights, with product-latent blending as their callback. test/fixtures/pipelines.

const fixtures = fileURLToPath(new URL("../fixtures/pipelines/", import.meta.url));
const settings = { prompt: "a wooden table in warm evening light", steps: 30, guidance: 7.5, strength: 1, seed: 11 };
const negatives = { sd15: "dark, blurry", sdxl: "" };

describe.each(["sd15", "sdxl"] as const)("%s", (name) => {
  let dir: string;
  let model: OpenModel;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "backdrop-parity-"));
    await cp(join(fixtures, name), dir, { recursive: true });
    for (const tokenizer of name === "sdxl" ? ["tokenizer", "tokenizer_2"] : ["tokenizer"]) {
      await cp(join(modelsDir(), "mini", "tokenizer", "tokenizer.json"), join(dir, tokenizer, "tokenizer.json"));
    }
    model = await openModel(dir, { provider: "cpu" });
  });
  afterAll(async () => {
    await model.dispose();
    await rm(dir, { recursive: true, force: true });
  });

  it.each([
    ["global: Eq. 4, as IP-Adapter has it", "global", "reference", undefined],
    ["query: Eq. 6 by a mask", "query", "flat", "left"],
  ] as const)("%s", async (_, fusion, reference, mask) => {
    const made = await run(model, reference, mask, {
      ...settings,
      negative: negatives[name],
      fusion,
      visibility: "off",
    });
    const expected = await readFixture(join(fixtures, `${name}.safetensors`));
    const latents = pick(expected, `${fusion}.latents`).data;
    expect(relativeError(made.latents, latents)).toBeLessThan(1e-4);
    expect(psnr(made.image, pick(expected, `${fusion}.image`).data)).toBeGreaterThan(80);
  });
});

/** What goes into the decoder at the end of a job, and what comes out of it. */
async function run(
  model: OpenModel,
  reference: string,
  mask: string | undefined,
  input: SettingsInput & { seed: number },
) {
  let latents: unknown;
  let image: unknown;
  const watched: Model = {
    ...model,
    async run(request, inputs) {
      const outputs = await model.run(request, inputs);
      if (request.graph === "vae_decoder") [latents, image] = [inputs.latents?.data, outputs.image?.data];
      return outputs;
    },
  };
  const named = async (file: string) => ({ name: file, bytes: await readFile(join(fixtures, `${file}.png`)) });
  const files = {
    product: await named("product"),
    reference: await named(reference),
    ...(mask !== undefined && { referenceMask: await named(mask) }),
  };
  await generate(watched, await decodeJob(files, { ...parseSettings(input), seed: input.seed }));
  if (!(latents instanceof Float32Array) || !(image instanceof Float32Array)) throw new Error("nothing was decoded");
  return { latents, image };
}

/** Largest difference, relative to the largest expected value. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number | bigint>): number {
  const values = Array.from(expected, Number);
  const worst = values.reduce((max, value, i) => Math.max(max, Math.abs(value - (actual[i] ?? Number.NaN))), 0);
  return worst / Math.max(...values.map(Math.abs));
}

/** dB, of pictures in −1 … 1 */
function psnr(actual: Float32Array, expected: ArrayLike<number | bigint>): number {
  const values = Array.from(expected, Number);
  const clamped = (value: number) => Math.min(Math.max(value, -1), 1);
  const squares = values.reduce((sum, value, i) => sum + (value - clamped(actual[i] ?? Number.NaN)) ** 2, 0);
  return 10 * Math.log10(4 / (squares / values.length));
}
