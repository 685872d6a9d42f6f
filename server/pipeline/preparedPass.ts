import type { DepthReading } from "../checkpoint/modelPackage.ts";
import { alphaOf, flatten } from "../image/rgba.ts";
import type { FloatTensor } from "../runtime/tensor.ts";
import { encodeLatents } from "./autoencoder.ts";
import { pasteProduct } from "./compose.ts";
import { controlEmbedding } from "./controlEmbedding.ts";
import type { EncodedText } from "./encodePrompt.ts";
import { estimateDepth } from "./estimateDepth.ts";
import type { FusionInputs } from "./fusion.ts";
import { toLatentMask } from "./latents.ts";
import type { Model } from "./model.ts";
import type { Pass } from "./passes.ts";
import { type Plane, toPlane } from "./plane.ts";
import type { Conditions } from "./predictNoise.ts";
import { emptyScene, fitReference, type Reference } from "./reference.ts";
import type { Stages } from "./stages.ts";

/** What a pass has whatever it starts from. */
interface PlacedPass {
  readonly pass: Pass;
  /** the job's reference where the pass's picture is */
  readonly kept: Reference;
  readonly productMask: Plane;
  readonly productDepth: Plane;
  /** D and the product at latent size */
  readonly decision: Plane;
  readonly held: Plane;
}

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
  /** what D drops is painted over */
  readonly reference: Reference;
  readonly imageTokens: FloatTensor;
  readonly text: EncodedText;
  readonly fusion: FusionInputs;
  /** how the model's `depth` graph is read */
  readonly reading: DepthReading;
}

/** The pass in its place, before there is anything to start from. */
export async function placePass(
  model: Model,
  pass: Pass,
  { reference, reading }: Shared,
  stages: Stages,
): Promise<PlacedPass> {
  const { work, workProduct } = pass.scene;
  const productMask = toPlane(alphaOf(workProduct));
  const kept = await stages.run("layout", () => fitReference(reference, work));
  const productDepth = await stages.run("depth", () =>
    estimateDepth(model, reading, flatten(workProduct, neutral), productMask),
  );
  const [decision, held] = [toLatentMask(toPlane(kept.mask)), toLatentMask(productMask)];
  return { pass, kept, productMask, productDepth, decision, held };
}

/**
 * Runs the other networks whose output depends on the pass, but not on the step.
 * @param painted what the pass before has painted, of the pass's size, where there was one: layout and depth are its, the prompts stay the job's
 */
export async function preparePass(
  model: Model,
  { pass, kept, productMask, productDepth, decision, held }: PlacedPass,
  { imageTokens, text, fusion, reading }: Shared,
  stages: Stages,
  painted?: Reference,
): Promise<PreparedPass> {
  const { scene, strength, tile } = pass;
  const layout = painted ?? kept;
  const behind = await stages.run("depth", () => estimateDepth(model, reading, layout.image, toPlane(layout.mask)));
  const depth = { product: productDepth, reference: behind };
  const control = await stages.run("control", () => controlEmbedding(model, depth, productMask));
  const start = strength < 1 ? await stages.run("layout", () => emptyScene(layout, stages.signal)) : layout.image;
  const collage = await stages.run("encode", () =>
    encodeLatents(model, pasteProduct(start, scene.workProduct), tile, stages.signal),
  );
  const conditions = { work: scene.work, text, imageTokens, decision, fusion, control };
  return { pass, conditions, collage, held };
}
