import { withModelDefaults } from "../../shared/modelDefaults.ts";
import { decodeImage } from "../image/decode.ts";
import { encodePng, withRecipe } from "../image/encode.ts";
import { alphaOf, flatten, type RgbaImage } from "../image/rgba.ts";
import { pasteProduct, proveProduct, withoutProduct } from "./compose.ts";
import { withShadow } from "./contactShadow.ts";
import { controlEmbedding } from "./controlEmbedding.ts";
import { encodePrompt } from "./encodePrompt.ts";
import { encodeReference } from "./encodeReference.ts";
import { estimateDepth } from "./estimateDepth.ts";
import { fusionInputs } from "./fusion.ts";
import { isWithin } from "./interval.ts";
import type { DecidedJob, Job } from "./job.ts";
import { blendProduct, decodeLatents, encodeLatents, latentCount, latentDims, toLatentMask } from "./latents.ts";
import type { Model, Preparation } from "./model.ts";
import { blueNoise, noiseStream } from "./noise.ts";
import { toPlane } from "./plane.ts";
import { type Conditions, predictNoise } from "./predictNoise.ts";
import { renderPreview } from "./preview.ts";
import { createPreviewPacing } from "./previewPacing.ts";
import { createRecipe, type Painter, type Recipe } from "./recipe.ts";
import { emptyScene, fitReference, hideDropped, keepsAnything } from "./reference.ts";
import { createSampler } from "./samplers/sampler.ts";
import { frameOf, layOutScene, type Scene, workToFrame } from "./scene.ts";
import { createStages, type TimingsMs } from "./stages.ts";

export interface Hooks {
  readonly signal?: AbortSignal;
  /** `step` of `steps` of the `variant` (from 1) is done */
  readonly onStep?: (progress: Progress) => void;
  /** previews are only computed when this is given, for every step unless `previewShare` says less */
  readonly onPreview?: (preview: Progress & { readonly jpeg: Uint8Array }) => void | Promise<void>;
  /** previews take at most this part of the time, 0 … 1 */
  readonly previewShare?: number;
  readonly onWarning?: (message: string) => void;
}

export interface Progress {
  readonly variant: number;
  readonly step: number;
  readonly steps: number;
}

export interface Generated {
  readonly variants: readonly Variant[];
  readonly timingsMs: TimingsMs;
}

export interface Variant {
  readonly seed: number;
  /** PNG of the full frame without the product: the layer beneath it */
  readonly background: Uint8Array;
  /** PNG of the full frame with the product */
  readonly result: Uint8Array;
  readonly recipe: Recipe;
}

/** What the depth network sees around a cut-out product, light and neutral. */
const neutral = [192, 192, 192] as const;

/** The product's latents are held in place for this part of the steps; the rest is free to settle its edges. */
const blendedPart = 0.8;

/** One request from decoded pictures to finished files: the only denoising loop. Cancelling throws the signal's reason. */
export async function generate(model: Model, job: Job, hooks: Hooks = {}): Promise<Generated> {
  const settings = withModelDefaults(job.settings, model.package);
  const guided = settings.guidance !== 1;
  const fusion = fusionInputs(settings);
  const stages = createStages(hooks.signal);
  // A reference of which nothing is kept has no layout to start from.
  const hasLayout = settings.strength < 1 && keepsAnything(job.reference, frameOf(job));
  const strength = hasLayout ? settings.strength : 1;

  const scene = await stages.run("layout", () => layOutScene(job, model.package, hasLayout));
  const wants = { previews: hooks.onPreview !== undefined };
  const preparation = await stages.run("load", () => model.prepare(scene.work, scene.frame, wants));
  const { tile, previewDecoder } = preparation;
  const depthHelper = preparation.withoutDepthHelper ? undefined : model.depthHelper;
  warn(model, scene, [fusion.prompt, settings.negative], preparation, hooks);
  const productMask = toPlane(alphaOf(scene.workProduct));
  const hidden = hideDropped(job.reference);
  const visible = await stages.run("layout", () => fitReference(hidden, scene.work));
  const decisionMask = toPlane(visible.mask);

  const imageTokens = await stages.run("reference", () => {
    // `visibility` off is the ablation without PFV: the encoder sees all of I_ref.
    const threshold = settings.visibility === "on" ? settings.visibilityThreshold : undefined;
    return encodeReference(model, threshold === undefined ? job.reference : hidden, threshold, guided);
  });
  const text = await stages.run("text", () =>
    encodePrompt(model, { prompt: fusion.prompt, negative: settings.negative, guided }),
  );
  const { depth: reading } = depthHelper ?? model.package;
  const depth = await stages.run("depth", async () => ({
    product: await estimateDepth(model, reading, flatten(scene.workProduct, neutral), productMask),
    reference: await estimateDepth(model, reading, visible.image, decisionMask),
  }));
  const control = await stages.run("control", () => controlEmbedding(model, depth, productMask));
  const start = hasLayout ? await stages.run("layout", () => emptyScene(visible, hooks.signal)) : visible.image;
  const collage = await stages.run("encode", () => encodeLatents(model, pasteProduct(start, scene.workProduct), tile));

  const { guidance, depthScale, guidanceStart, guidanceEnd, controlStart, controlEnd } = settings;
  const decision = toLatentMask(decisionMask);
  const held = toLatentMask(productMask);
  const conditions: Conditions = {
    work: scene.work,
    text,
    imageTokens,
    decision,
    fusion,
    control,
  };

  const pacing = createPreviewPacing(hooks.previewShare ?? 1);
  const variants: Variant[] = [];
  for (let variant = 1; variant <= settings.variants; variant++) {
    const seed = (settings.seed + variant - 1) >>> 0;
    const draw = noiseStream(seed);
    const white = draw(latentCount(scene.work));
    const isBlue = hasLayout && model.package.layoutNoise === "blue";
    const noise = isBlue ? blueNoise(white, latentDims(scene.work)) : white;
    const trajectory = { steps: settings.steps, strength, draw };
    const sampler = createSampler(settings.sampler, model.package.scheduler, trajectory);
    const { timesteps } = sampler;
    const steps = timesteps.length;
    // R9. At strength 1 the start is pure noise; below, the reference shines through, the scene continued where it hides something.
    let latents = strength < 1 ? sampler.addNoise(collage, noise, timesteps[0] ?? 0) : noise;

    for (const [i, timestep] of timesteps.entries()) {
      const counts = {
        guidance: isWithin(guidanceStart, guidanceEnd, i, steps) ? guidance : 1,
        controlScale: isWithin(controlStart, controlEnd, i, steps) ? depthScale : 0,
      };
      const step = { latents, timestep, ...counts };
      const prediction = await stages.run("denoise", () => predictNoise(model, step, conditions));
      const { next, predictedClean } = sampler.step(prediction, i, latents);
      const nextTimestep = timesteps[i + 1];
      latents =
        nextTimestep !== undefined && i + 1 < blendedPart * steps
          ? blendProduct(next, sampler.addNoise(collage, noise, nextTimestep), held)
          : next;

      const progress = { variant, step: i + 1, steps };
      hooks.onStep?.(progress);
      const { onPreview } = hooks;
      if (onPreview && pacing.isDue()) {
        await pacing.render(async () => {
          const jpeg = await stages.run("preview", () => renderPreview(model, scene, predictedClean, previewDecoder));
          await onPreview({ ...progress, jpeg });
        });
      }
    }

    const painted = await stages.run("decode", () => decodeLatents(model, latents, scene.work, tile));
    const variantOf = async () => {
      const ground = withShadow(await withoutProduct(painted, scene.workProduct), scene.shadow);
      const decided = { ...job, settings: { ...settings, strength } };
      return await finish(decided, { model, depthHelper, scene, seed }, ground);
    };
    variants.push(await stages.run("compose", variantOf));
  }
  return { variants, timingsMs: stages.timingsMs() };
}

/** The painted ground to files: to the frame's size, the product pasted back, and the proof taken from the encoded bytes. */
async function finish(job: DecidedJob, painter: Painter, ground: RgbaImage): Promise<Variant> {
  const { scene, seed } = painter;
  const background = await workToFrame(scene, ground);
  const result = await encodePng(pasteProduct(background, scene.product));
  const proof = proveProduct(scene.product, await decodeImage(result, "result.png"));
  const recipe = createRecipe(job, painter, proof);
  return {
    seed,
    background: withRecipe(await encodePng(background), recipe),
    result: withRecipe(result, recipe),
    recipe,
  };
}

/** What is allowed but probably not meant. */
function warn(
  model: Model,
  scene: Scene,
  texts: readonly string[],
  { tile, withoutDepthHelper }: Preparation,
  hooks: Hooks,
): void {
  if (withoutDepthHelper) {
    hooks.onWarning?.(
      "memory is short, so depth is estimated by the model's own small network instead of the helper; close other programs to avoid it",
    );
  }
  if (tile) {
    hooks.onWarning?.(
      "memory is short, so the picture is painted out in tiles, which can shift its colours; close other programs to avoid it",
    );
  }
  if (alphaOf(scene.product).data.every((alpha) => alpha === 255)) {
    hooks.onWarning?.(
      "the product covers the whole frame, so no background will show; give a product mask or a larger size",
    );
  }
  if (texts.some((text) => model.tokenize(text).truncated)) {
    const { maxTokens } = model.package.text;
    hooks.onWarning?.(`the prompt is longer than the ${maxTokens} tokens that the model reads; its end is ignored`);
  }
}
