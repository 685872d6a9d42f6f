import { withModelDefaults } from "../../shared/modelDefaults.ts";
import { decodeImage } from "../image/decode.ts";
import { encodePng, withRecipe } from "../image/encode.ts";
import { alphaOf, type RgbaImage } from "../image/rgba.ts";
import { pasteProduct, proveProduct } from "./compose.ts";
import { withShadow } from "./contactShadow.ts";
import { encodePrompt } from "./encodePrompt.ts";
import { encodeReference } from "./encodeReference.ts";
import { fusionInputs } from "./fusion.ts";
import type { DecidedJob, Job } from "./job.ts";
import type { Model, Preparation } from "./model.ts";
import { paint, type Watch } from "./paint.ts";
import { type Pass, type Passes, planPasses } from "./passes.ts";
import { placePass, preparePass } from "./preparedPass.ts";
import { renderPreview } from "./preview.ts";
import { createPreviewPacing } from "./previewPacing.ts";
import { createRecipe, type Painter, type Recipe } from "./recipe.ts";
import { hideDropped, referenceOf } from "./reference.ts";
import { carryOver, type Scene, workToFrame } from "./scene.ts";
import { createStages, type Stages, type TimingsMs } from "./stages.ts";

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
  /** from 1 */
  readonly variant: number;
  readonly seed: number;
  /** PNG of the full frame without the product: the layer beneath it */
  readonly background: Uint8Array;
  /** PNG of the full frame with the product */
  readonly result: Uint8Array;
  readonly recipe: Recipe;
}

/** What becomes of the variants of a job, one after the other. */
export interface Taking {
  /** the first that is painted; those before it are finished already. From 1 */
  readonly from: number;
  /** gets each when it is finished; the next one waits for it */
  readonly take: (finished: Variant) => void | Promise<void>;
}

/** One request from decoded pictures to finished files, all at the end. Cancelling throws the signal's reason. */
export async function generate(model: Model, job: Job, hooks: Hooks = {}): Promise<Generated> {
  const variants: Variant[] = [];
  const take = (finished: Variant) => void variants.push(finished);
  const timingsMs = await generateEach(model, job, hooks, { from: 1, take });
  return { variants, timingsMs };
}

/** The same, handing each variant over when it is finished, and keeping none. */
export async function generateEach(model: Model, job: Job, hooks: Hooks, { from, take }: Taking): Promise<TimingsMs> {
  const settings = withModelDefaults(job.settings, model.package);
  const stages = createStages(hooks.signal);
  if (from > settings.variants) return stages.timingsMs();
  const passes = await planPasses(model, job, settings, { previews: hooks.onPreview !== undefined }, stages);
  const { first, refining, preparation } = passes;
  const { scene } = refining ?? first;
  const depthHelper = preparation.withoutDepthHelper ? undefined : model.depthHelper;
  const fusion = fusionInputs(settings);
  const { prompt } = fusion;
  const { negative } = settings;
  const guided = settings.guidance !== 1;
  warn(model, scene, [prompt, negative], preparation, hooks);

  const text = await stages.run("text", () => encodePrompt(model, { prompt, negative, guided }));
  const reference = hideDropped(job.reference);
  const imageTokens = await stages.run("reference", () => {
    // `visibility` off is the ablation without PFV: the encoder sees all of I_ref.
    const threshold = settings.visibility === "on" ? settings.visibilityThreshold : undefined;
    return encodeReference(model, threshold === undefined ? job.reference : reference, threshold, guided);
  });
  const shared = { reference, imageTokens, text, fusion, reading: (depthHelper ?? model.package).depth };
  const placed = await placePass(model, first, shared, stages);
  const placedAgain = refining && (await placePass(model, refining, shared, stages));
  const prepared = await preparePass(model, placed, shared, stages);
  const watch = createWatch(model, passes, stages, hooks);
  const decided = { ...job, settings: { ...settings, strength: first.strength } };
  for (let variant = from; variant <= settings.variants; variant++) {
    const seed = (settings.seed + variant - 1) >>> 0;
    const seeded = { ...settings, seed };
    let ground = await paint(model, prepared, seeded, stages, watch(variant, first));
    if (placedAgain) {
      const { pass } = placedAgain;
      const painted = referenceOf(await carryOver(ground, first.scene, pass.scene));
      const over = await preparePass(model, placedAgain, shared, stages, painted);
      ground = await paint(model, over, seeded, stages, watch(variant, pass));
    }
    const painter = { model, depthHelper, scene, seed };
    await take({ variant, ...(await stages.run("compose", () => finish(decided, painter, ground))) });
  }
  return stages.timingsMs();
}

/** Tells each step of a job's passes, and shows a preview of it where one is due. */
function createWatch(
  model: Model,
  { first, refining, preparation }: Passes,
  stages: Stages,
  { onStep, onPreview, previewShare }: Hooks,
) {
  const pacing = createPreviewPacing(previewShare ?? 1);
  const steps = first.steps + (refining?.steps ?? 0);
  return (variant: number, pass: Pass): Watch => {
    const before = pass === refining ? first.steps : 0;
    return async (step, predictedClean) => {
      const progress = { variant, step: before + step, steps };
      onStep?.(progress);
      if (!onPreview || !pacing.isDue()) return;
      await pacing.render(async () => {
        const render = () => renderPreview(model, pass.scene, predictedClean, preparation.previewDecoder);
        await onPreview({ ...progress, jpeg: await stages.run("preview", render) });
      });
    };
  };
}

/** The painted ground to files: to the frame's size, the product pasted back, and the proof taken from the encoded bytes. */
async function finish(job: DecidedJob, painter: Painter, ground: RgbaImage): Promise<Omit<Variant, "variant">> {
  const { scene, seed } = painter;
  const background = await workToFrame(scene, withShadow(ground, scene.shadow));
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
  { tiled, withoutDepthHelper }: Preparation,
  hooks: Hooks,
): void {
  if (withoutDepthHelper) {
    hooks.onWarning?.(
      "memory is short, so depth is estimated by the model's own small network instead of the helper; close other programs to avoid it",
    );
  }
  if (tiled) {
    hooks.onWarning?.(
      "memory is short, so the picture is painted out in tiles, which takes longer and can change its colours a little; close other programs to avoid it",
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
