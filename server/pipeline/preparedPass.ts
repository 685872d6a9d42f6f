import type { Decided } from "../../shared/modelDefaults.ts";
import type { Settings } from "../../shared/settings.ts";
import type { DepthReading } from "../checkpoint/modelPackage.ts";
import { alphaOf, flatten } from "../image/rgba.ts";
import { pasteProduct } from "./compose.ts";
import { controlEmbedding } from "./controlEmbedding.ts";
import type { EncodedText } from "./encodePrompt.ts";
import { encodeReference } from "./encodeReference.ts";
import { estimateDepth } from "./estimateDepth.ts";
import type { FusionInputs } from "./fusion.ts";
import { encodeLatents, toLatentMask } from "./latents.ts";
import type { Model } from "./model.ts";
import type { Pass } from "./passes.ts";
import { type Plane, toPlane } from "./plane.ts";
import type { Conditions } from "./predictNoise.ts";
import { emptyScene, fitReference, hideDropped, type Reference } from "./reference.ts";
import type { Stages } from "./stages.ts";

/** A pass made ready: everything that its seeds have in common. */
export interface PreparedPass {
  readonly pass: Pass;
  readonly conditions: Conditions;
  /** x₀ that the noise is added to, with the product in its place */
  readonly collage: Float32Array;
  /** the product at latent size */
  readonly held: Plane;
}

/** What the depth network sees around a cut-out product, light and neutral. */
const neutral = [192, 192, 192] as const;

/** What all passes of a job share. */
export interface Shared {
  readonly settings: Decided<Settings>;
  readonly fusion: FusionInputs;
  readonly text: EncodedText;
  /** how the model's `depth` graph is read */
  readonly reading: DepthReading;
}

/** Runs every network whose output depends on the pass, but not on the step. */
export async function preparePass(
  model: Model,
  reference: Reference,
  pass: Pass,
  { settings, fusion, text, reading }: Shared,
  stages: Stages,
): Promise<PreparedPass> {
  const { scene, strength, tile } = pass;
  const guided = settings.guidance !== 1;
  const productMask = toPlane(alphaOf(scene.workProduct));
  const hidden = hideDropped(reference);
  const visible = await stages.run("layout", () => fitReference(hidden, scene.work));
  const decisionMask = toPlane(visible.mask);

  const imageTokens = await stages.run("reference", () => {
    // `visibility` off is the ablation without PFV: the encoder sees all of I_ref.
    const threshold = settings.visibility === "on" ? settings.visibilityThreshold : undefined;
    return encodeReference(model, threshold === undefined ? reference : hidden, threshold, guided);
  });
  const depth = await stages.run("depth", async () => ({
    product: await estimateDepth(model, reading, flatten(scene.workProduct, neutral), productMask),
    reference: await estimateDepth(model, reading, visible.image, decisionMask),
  }));
  const control = await stages.run("control", () => controlEmbedding(model, depth, productMask));
  const start = strength < 1 ? await stages.run("layout", () => emptyScene(visible, stages.signal)) : visible.image;
  const collage = await stages.run("encode", () => encodeLatents(model, pasteProduct(start, scene.workProduct), tile));
  const decision = toLatentMask(decisionMask);
  const conditions = { work: scene.work, text, imageTokens, decision, fusion, control };
  return { pass, conditions, collage, held: toLatentMask(productMask) };
}
