import sharp from "sharp";
import { expect, test } from "vitest";
import type { DepthReading, ModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { decodeImage } from "../../server/image/decode.ts";
import { readPngText } from "../../server/image/pngChunks.ts";
import type { RgbaImage } from "../../server/image/rgba.ts";
import { generate, generateEach, type Hooks, type Progress } from "../../server/pipeline/generate.ts";
import { decodeJob, type JobFiles } from "../../server/pipeline/job.ts";
import type { Model } from "../../server/pipeline/model.ts";
import type { Tensor } from "../../server/runtime/tensor.ts";
import { parseSettings, type SettingsInput, samplers } from "../../shared/settings.ts";
import { disc, encoder, gradient, paint, png } from "../image/makePictures.ts";
import { arithmeticModel, examplePackage } from "./arithmeticModel.ts";

const product = { name: "product", bytes: await png(disc(200, 160)) };
const reference = { name: "reference", bytes: await png(gradient(120, 90)) };

test("the same request gives the same bytes; the product comes out untouched in every variant", async () => {
  const request = { prompt: "a wooden table", seed: 7, steps: 4, variants: 2 };
  const { variants } = await run({ product, reference }, request);
  const again = await run({ product, reference }, request);
  expect(variants).toHaveLength(2);
  expect(variants.map(({ seed }) => seed)).toEqual([7, 8]);
  expect(again.variants).toEqual(variants);

  const before = disc(200, 160);
  for (const { result, background, recipe } of variants) {
    const [after, behind] = [await decodeImage(result, "result"), await decodeImage(background, "background")];
    expect(after).toMatchObject({ width: 200, height: 160 });
    expect(opaqueBytes(before, after)).toEqual(opaqueBytes(before, before));
    expect(recipe.product).toMatchObject({ changedPixels: 0, sha256After: recipe.product.sha256Before });
    expect(recipe.product.opaquePixels).toBeGreaterThan(5000);
    expect(opaqueBytes(before, behind)).not.toEqual(opaqueBytes(before, before));
    expect(JSON.parse(readPngText(result, "backdrop") ?? "")).toEqual(recipe);
  }
});

test("each variant is handed over before the next is painted, and those that are finished already are not painted again", async () => {
  const request = { seed: 7, steps: 2, variants: 3 };
  const { variants } = await run({ product, reference }, request);
  const job = await decodeJob({ product, reference }, { ...parseSettings(request), seed: 7 });
  const log: unknown[] = [];
  const hooks: Hooks = { onStep: ({ variant, step }) => void log.push(`${variant}.${step}`) };
  await generateEach(arithmeticModel(), job, hooks, { from: 2, take: (finished) => void log.push(finished) });
  expect(log).toEqual(["2.1", "2.2", variants[1], "3.1", "3.2", variants[2]]);
});

test("every setting and every picture matters", async () => {
  const base: SettingsInput = { prompt: "a", seed: 1, steps: 3 };
  const plain = await background({ product, reference }, base);
  const changes: Readonly<Record<string, SettingsInput>> = {
    prompt: { prompt: "b" },
    negative: { negative: "dark" },
    fusion: { fusion: "output" },
    imageScale: { imageScale: 0.5 },
    depthScale: { depthScale: 0 },
    strength: { strength: 0.5 },
    steps: { steps: 4 },
    guidance: { guidance: 3 },
    controlStart: { controlStart: 0.5 },
    controlEnd: { controlEnd: 0.5 },
    guidanceStart: { guidanceStart: 0.5 },
    guidanceEnd: { guidanceEnd: 0.5 },
    euler: { sampler: "euler" },
    dpmpp_2m: { sampler: "dpmpp_2m" },
    lcm: { sampler: "lcm" },
    seed: { seed: 2 },
    size: { width: 256, height: 128 },
    placement: { placement: { x: 0, y: 0, width: 100, height: 80 } },
  };
  for (const [name, change] of Object.entries(changes)) {
    expect(await background({ product, reference }, { ...base, ...change }), name).not.toEqual(plain);
  }
  const lower = { name: "mask", bytes: await png(paint(120, 90, (_, y) => grey(y < 45 ? 255 : 0))) };
  const masked = await background({ product, reference, referenceMask: lower }, base);
  expect(masked).not.toEqual(plain);
  expect(await background({ product, reference, referenceMask: lower }, { ...base, visibility: "off" })).not.toEqual(
    masked,
  );
  // with τ = 1 no patch is dropped
  const lenient = { ...base, visibilityThreshold: 1 };
  expect(await background({ product, reference, referenceMask: lower }, lenient)).not.toEqual(masked);
  const other = { name: "reference", bytes: await png(gradient(90, 120)) };
  expect(await background({ product, reference: other }, base)).not.toEqual(plain);
  const half = { name: "mask", bytes: await png(paint(200, 160, (x) => grey(x < 100 ? 255 : 0))) };
  expect(await background({ product, reference, productMask: half }, base)).not.toEqual(plain);
});

test("the contact shadow counts below strength 1", async () => {
  const shadowed = (contactShadow: "on" | "off", strength: number) =>
    background({ product, reference }, { prompt: "a", seed: 1, steps: 3, strength, contactShadow });
  expect(await shadowed("on", 0.6)).not.toEqual(await shadowed("off", 0.6));
  expect(await shadowed("on", 1)).toEqual(await shadowed("off", 1));
});

test("blue noise leaves the coarse part of a layout alone; without a layout all noise is white", async () => {
  /** the means of what the steps begin with */
  const startsOf = async (layoutNoise: "white" | "blue", settings: SettingsInput & { seed: number }) => {
    const model = arithmeticModel({ layoutNoise });
    await run({ product, reference }, { prompt: "a", steps: 3, ...settings }, {}, model);
    const samples = model.calls.filter(({ graph }) => graph === "denoiser").map(({ inputs }) => numbers(inputs.sample));
    return samples.map((sample) => sample.reduce((sum, value) => sum + value, 0) / sample.length);
  };
  /** how far two seeds are apart at any step */
  const between = async (noise: "white" | "blue", settings: SettingsInput) => {
    const [one, two] = [
      await startsOf(noise, { ...settings, seed: 1 }),
      await startsOf(noise, { ...settings, seed: 2 }),
    ];
    return Math.max(...one.map((mean, i) => Math.abs(mean - (two[i] ?? 0))));
  };
  // LCM draws noise at every step.
  for (const sampler of ["ddim", "lcm"] as const) {
    const settings = { strength: 0.6, sampler };
    expect(await between("blue", settings)).toBeLessThan(0.2 * (await between("white", settings)));
  }
  const fromNoise = { strength: 1, seed: 1 };
  expect(await startsOf("blue", fromNoise)).toEqual(await startsOf("white", fromNoise));
});

test("from noise, a package may have a second pass over what the first has painted, in its layout's size", async () => {
  const painting = { pixelArea: 128 ** 2, layoutPixelArea: 256 ** 2, refineStrength: 0.5 };
  const jobOf = async (strength: number, overrides: Partial<ModelPackage>) => {
    const model = arithmeticModel({ ...painting, ...overrides });
    const seen: Progress[] = [];
    const hooks = { onStep: (progress: Progress) => void seen.push(progress) };
    const request = { prompt: "a", seed: 1, steps: 4, strength, width: 256, height: 256, variants: 2 };
    const { variants } = await run({ product, reference }, request, hooks, model);
    const samples = model.calls.filter(({ graph }) => graph === "denoiser").map(({ inputs }) => inputs.sample);
    return { seen, recipe: variants[0]?.recipe, widths: samples.map((sample) => sample?.dims[3]) };
  };
  const refined = await jobOf(1, {});
  expect(refined.widths).toEqual([16, 16, 16, 16, 32, 32, 16, 16, 16, 16, 32, 32]);
  expect(refined.seen.slice(3, 7)).toEqual([
    { variant: 1, step: 4, steps: 6 },
    { variant: 1, step: 5, steps: 6 },
    { variant: 1, step: 6, steps: 6 },
    { variant: 2, step: 1, steps: 6 },
  ]);
  expect(refined.recipe).toMatchObject({ settings: { strength: 1 }, painted: { width: 256, height: 256 } });
  expect((await jobOf(0.5, {})).widths).toEqual([32, 32, 32, 32]);
  expect((await jobOf(1, { refineStrength: undefined })).widths).toEqual(Array(8).fill(16));
});

test("in the second pass prompts and decision mask are the job's; only what was painted is read anew for each variant", async () => {
  const model = arithmeticModel({ pixelArea: 128 ** 2, layoutPixelArea: 256 ** 2, refineStrength: 0.5 });
  const mask = { name: "mask", bytes: await png(paint(120, 120, (x) => grey(x < 60 ? 255 : 0))) };
  const square = { name: "reference", bytes: await png(gradient(120, 120)) };
  const request = { prompt: "a", seed: 1, steps: 4, strength: 1, width: 256, height: 256, variants: 2 };
  await run({ product, reference: square, referenceMask: mask }, request, {}, model);

  const inputs = (graph: string) => model.calls.filter((call) => call.graph === graph).map((call) => call.inputs);
  const steps = inputs("denoiser");
  for (const { image_tokens, query_mask } of steps) {
    expect(image_tokens).toEqual(steps[0]?.image_tokens);
    const side = query_mask?.dims[3] ?? 0;
    expect([query_mask?.data[0], query_mask?.data[side - 1]]).toEqual([1, 0]);
  }
  const counts = ["text", "vision", "depth", "vae_encoder"].map((graph) => inputs(graph).length);
  // The product's depth once a size, what is behind it and what is started from once more for each second pass.
  expect(counts).toEqual([2, 1, 2 + 1 + 2, 1 + 2]);
});

test("what the decision mask hides has no influence, whatever the strength", async () => {
  const mask = { name: "mask", bytes: await png(paint(120, 90, (x, y) => grey(x < 68 && y > 11 ? 255 : 0))) };
  const bright = paint(120, 90, (x, y) => (x < 68 && y > 11 ? [x, y, 90, 255] : [255, 255, 255, 255]));
  const dark = paint(120, 90, (x, y) => (x < 68 && y > 11 ? [x, y, 90, 255] : [0, x, y, 255]));
  for (const strength of [1, 0.6]) {
    const settings = { prompt: "a", seed: 3, steps: 5, strength };
    const [one, two] = await Promise.all(
      [bright, dark].map(async (picture) =>
        background({ product, reference: { name: "r", bytes: await png(picture) }, referenceMask: mask }, settings),
      ),
    );
    expect(one).toEqual(two);
  }
});

test("reference and product reach the graphs as the paper has them", async () => {
  const model = arithmeticModel();
  const mask = { name: "mask", bytes: await png(paint(120, 120, (x) => grey(x < 60 ? 255 : 0))) };
  const square = { name: "reference", bytes: await png(gradient(120, 120)) };
  const small = { name: "product", bytes: await png(disc(256, 256, 60)) };
  const settings = { prompt: "a", negative: "b", seed: 1, steps: 2, fusion: "query" as const, imageScale: 0.7 };
  await run({ product: small, reference: square, referenceMask: mask }, settings, {}, model);

  const inputs = (graph: string) => model.calls.filter((call) => call.graph === graph).map((call) => call.inputs);
  const [vision] = inputs("vision");
  expect(vision?.pixel_values?.dims).toEqual([2, 3, 64, 64]);
  expect(new Set(numbers(vision?.pixel_values).slice(0, 3 * 64 * 64))).toEqual(new Set([0]));
  const patches = numbers(vision?.patch_mask);
  expect(patches.slice(0, 16).every((bit) => bit === 1)).toBe(true);
  expect(patches.slice(16, 24)).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);

  const [control] = inputs("control");
  expect(control?.control_image?.dims).toEqual([1, 2, 64, 64]);
  const controlAt = (channel: number, x: number, y: number) =>
    control?.control_image?.data[(channel * 64 + y) * 64 + x];
  expect(controlAt(0, 32, 32)).toBeGreaterThan(0.3); // inside the product
  expect(controlAt(0, 5, 5)).toBe(0); // outside the product
  expect(controlAt(1, 5, 5)).toBeGreaterThan(0.1); // a kept part of the reference
  expect(controlAt(1, 59, 5)).toBe(0); // a hidden part
  expect(controlAt(1, 25, 32)).toBe(0); // kept, but behind the product

  const [first, second] = inputs("denoiser");
  expect(first?.sample?.dims).toEqual([2, 4, 8, 8]);
  expect(numbers(first?.timestep)).toEqual([999]);
  expect(numbers(second?.timestep)).toEqual([499]);
  expect(numbers(first?.fusion)).toEqual([1, 0, 0]);
  expect(first?.image_scale?.data[0]).toBeCloseTo(0.7);
  const decision = numbers(first?.query_mask).slice(0, 8);
  expect(decision.slice(0, 3).every((d) => d > 0.99) && decision.slice(5).every((d) => d < 0.01)).toBe(true);
});

test("depth is read as its network says, and the recipe names a helper's; where memory is short it is the model's own", async () => {
  const depth = { ...examplePackage.depth, std: [0.25, 0.25, 0.25], scale: "unit" } satisfies DepthReading;
  const depthHelper = { name: "lent", sha256: "f".repeat(64), dir: "", files: [], depth };
  async function seen(changes: Partial<Model>) {
    const model = { ...arithmeticModel(), ...changes };
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const { variants } = await run({ product, reference }, { seed: 1, steps: 1 }, { onWarning }, model);
    const inputs = (graph: string) =>
      numbers(Object.values(model.calls.find((c) => c.graph === graph)?.inputs ?? {})[0]);
    const control = inputs("control");
    // A corner, where there is neutral grey; how many pixels of the product are as near as can be.
    const nearest = control.slice(0, control.length / 2).filter((value) => value === 1).length;
    return { corner: inputs("depth")[0], nearest, warnings, model: variants[0]?.recipe.model };
  }
  const [own, lent] = [await seen({}), await seen({ depthHelper })];
  expect(own.corner).toBeCloseTo((192 / 255 - 0.5) / 0.5, 5);
  expect(lent.corner).toBeCloseTo((192 / 255 - 0.5) / 0.25, 5);
  // The arithmetic network says 1 and more: all of it is as near as can be, unless the nearest is made to be 1.
  expect(own.nearest).toBeLessThan(10);
  expect(lent.nearest).toBeGreaterThan(100);
  expect(lent.model).toEqual({ ...own.model, depth: { name: "lent", sha256: depthHelper.sha256 } });
  const short = await seen({ depthHelper, prepare: async () => ({ withoutDepthHelper: true }) });
  expect(short).toEqual({ ...own, warnings: [expect.stringContaining("instead of the helper")] });
});

test("without guidance every graph runs with a batch of one", async () => {
  const model = arithmeticModel();
  await run({ product, reference }, { seed: 1, steps: 1, guidance: 1 }, {}, model);
  for (const { graph, inputs } of model.calls) expect(Object.values(inputs)[0]?.dims[0], graph).toBe(1);
});

test("outside its interval guidance costs nothing and the depth does not count", async () => {
  const model = arithmeticModel();
  const intervals = { guidanceStart: 0.25, guidanceEnd: 0.75, controlEnd: 0.5 };
  await run({ product, reference }, { seed: 1, steps: 4, negative: "dark", prompt: "light", ...intervals }, {}, model);
  const steps = model.calls.filter((call) => call.graph === "denoiser").map((call) => call.inputs);
  expect(steps.map(({ sample }) => sample?.dims[0])).toEqual([1, 2, 2, 1]);
  expect(steps.map(({ control_scale }) => control_scale?.data[0])).toEqual([1, 1, 0, 0]);
  // alone, it is the conditional half that is computed
  const words = (step: number) => numbers(steps[step]?.encoder_hidden_states);
  expect(words(0)).toEqual(words(1).slice(words(0).length));
  const tokens = (step: number) => numbers(steps[step]?.image_tokens);
  expect(tokens(0)).toEqual(tokens(1).slice(tokens(0).length));
});

test.each(samplers)("%s: same seed, same bytes; strength counts; a preview each step", async (sampler) => {
  const settings = { seed: 5, steps: 6, strength: 0.6, sampler };
  const previews: Uint8Array[] = [];
  const onPreview = ({ jpeg }: { readonly jpeg: Uint8Array }) => void previews.push(jpeg);
  const first = await run({ product, reference }, settings, { onPreview });
  expect(await run({ product, reference }, settings)).toMatchObject({ variants: first.variants });
  expect(first.variants[0]?.recipe.settings).toMatchObject({ sampler, steps: 6 });
  expect(await background({ product, reference }, { ...settings, strength: 1 })).not.toEqual(
    await background({ product, reference }, settings),
  );
  // LCM spreads all its steps over what the strength allows.
  expect(previews).toHaveLength(sampler === "lcm" ? 6 : 3);
});

test("previews are JPEGs of the frame with the product on top, from the first step on, and only on request", async () => {
  const seen: { step: number; jpeg: Uint8Array }[] = [];
  const steps: number[] = [];
  const red = paint(200, 160, (x, y) => (Math.hypot(x - 100, y - 80) < 60 ? [220, 20, 20, 255] : [0, 0, 0, 0]));
  await run(
    { product: { name: "red", bytes: await png(red) }, reference },
    { seed: 1, steps: 3 },
    {
      onStep: ({ step }) => void steps.push(step),
      onPreview: (preview) => void seen.push(preview),
    },
  );
  expect(steps).toEqual([1, 2, 3]);
  expect(seen.map(({ step }) => step)).toEqual([1, 2, 3]);
  const { data, info } = await sharp(seen[0]?.jpeg).raw().toBuffer({ resolveWithObject: true });
  expect(info.width / info.height).toBeCloseTo(200 / 160, 1);
  const centre = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * 3;
  expect(data[centre]).toBeGreaterThan(180);
  expect(data[centre + 1]).toBeLessThan(80);
});

test("a cancelled job stops before its next step and gives the signal's reason", async () => {
  const controller = new AbortController();
  const model = arithmeticModel();
  const job = run(
    { product, reference },
    { seed: 1, steps: 20 },
    {
      signal: controller.signal,
      onStep: ({ step }) => step === 2 && controller.abort(),
    },
    model,
  );
  await expect(job).rejects.toThrow(controller.signal.reason);
  expect(model.calls.filter(({ graph }) => graph === "denoiser")).toHaveLength(2);
  expect(model.calls.some(({ graph }) => graph === "vae_decoder")).toBe(false);
});

test("a product that fills its frame, and a prompt that is too long, are warned about", async () => {
  const warnings: string[] = [];
  const solid = { name: "product", bytes: await png(gradient(64, 64)) };
  await run(
    { product: solid, reference },
    { seed: 1, steps: 1, prompt: "word ".repeat(20) },
    {
      onWarning: (message) => void warnings.push(message),
    },
  );
  expect(warnings).toEqual([expect.stringContaining("whole frame"), expect.stringContaining("40 tokens")]);
});

test("tiles are warned about", async () => {
  const warnings: string[] = [];
  const model = { ...arithmeticModel(), prepare: async () => ({ tiled: {} }) };
  await run(
    { product, reference },
    { seed: 1, steps: 1 },
    { onWarning: (message) => void warnings.push(message) },
    model,
  );
  expect(warnings).toEqual([expect.stringContaining("in tiles, which takes longer")]);
});

test("a frame of any shape comes out at its exact size, the product where it was placed", async () => {
  for (const [width, height] of [
    [64, 640],
    [900, 70],
    [333, 251],
  ] as const) {
    const placement = { x: 5, y: 9, width: 50, height: 40 };
    const { variants } = await run({ product, reference }, { seed: 1, steps: 1, width, height, placement });
    const [variant] = variants;
    expect(await sharp(variant?.result).metadata()).toMatchObject({ width, height });
    expect(variant?.recipe).toMatchObject({ placement, product: { changedPixels: 0 } });
    expect(variant?.recipe.product.opaquePixels).toBeGreaterThan(100);
  }
});

test("SDXL packages get pooled text, size conditioning and zero tensors for an empty negative prompt", async () => {
  const sdxl: Partial<ModelPackage> = { architecture: "sdxl", unconditionalText: "zeros" };
  const inner = arithmeticModel(sdxl);
  const model: typeof inner = {
    ...inner,
    tokenize: (text) => ({ ...inner.tokenize(text), ids: [...inner.tokenize(text).ids, new BigInt64Array(40)] }),
    run: async (request, inputs) => ({
      ...(await inner.run(request, inputs)),
      ...(request.graph === "text" && { pooled: { data: new Float32Array(4).fill(1), dims: [1, 4] } }),
    }),
  };
  await run({ product, reference }, { prompt: "a", seed: 1, steps: 1 }, {}, model);
  const denoiser = inner.calls.find(({ graph }) => graph === "denoiser")?.inputs;
  expect(numbers(denoiser?.text_embeds)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(denoiser?.time_ids?.dims).toEqual([2, 6]);
  expect(
    numbers(denoiser?.encoder_hidden_states)
      .slice(0, 320)
      .every((value) => value === 0),
  ).toBe(true);
});

async function run(
  files: JobFiles,
  settings: SettingsInput & { seed: number },
  hooks: Hooks = {},
  model: Model = arithmeticModel(),
) {
  return await generate(model, await decodeJob(files, { ...parseSettings(settings), seed: settings.seed }), hooks);
}

async function background(files: JobFiles, settings: SettingsInput): Promise<Uint8Array> {
  const { variants } = await run(files, { ...settings, seed: settings.seed ?? 0 });
  return await encoder(await decodeImage(variants[0]?.background ?? new Uint8Array(), "background"))
    .raw()
    .toBuffer();
}

function numbers(tensor: Tensor | undefined): readonly number[] {
  return Array.from(tensor?.data ?? [], Number);
}

function grey(value: number): readonly [number, number, number, number] {
  return [value, value, value, 255];
}

function opaqueBytes(product: RgbaImage, image: RgbaImage): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < product.data.length; i += 4) {
    if (product.data[i + 3] === 255) bytes.push(...image.data.subarray(i, i + 3));
  }
  return Buffer.from(bytes);
}
