import { resample, whole } from "../image/resize.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { multiplyAlpha } from "../image/rgba.ts";
import { proveProduct } from "../pipeline/compose.ts";
import type { Model } from "../pipeline/model.ts";
import { boundaryStep } from "./boundaryStep.ts";
import { causedLeak, colourLeak, type Histogram, histogram, ownColours } from "./colourLeak.ts";
import type { FamilyProbe } from "./familyProbe.ts";
import type { HeldOutScene } from "./heldOut.ts";
import { objectExpansion } from "./objectExpansion.ts";
import { roughness } from "./roughness.ts";
import { type Render, readRender } from "./task.ts";
import { imageTokens, pooled } from "./visionFeatures.ts";

/** What every row's picture of a scene is measured against. */
export interface Truth {
  readonly scene: HeldOutScene;
  /** the scene as it was rendered, and where its product is */
  readonly target: Render;
  readonly referenceImage: RgbaImage;
  /** colours of the reference's hidden product, and of what stays visible around it */
  readonly hiddenColours: Histogram;
  readonly visibleColours: Histogram;
}

/** What was painted of a scene in one row with one seed. */
export interface Painted {
  readonly picture: RgbaImage;
  /** the same with the reference's hidden product in negative */
  readonly counterfactual?: RgbaImage | undefined;
}

/** One picture in figures; undefined where it has nothing to measure. */
export interface Figures {
  /** pooled image tokens of the whole picture */
  readonly features: Float64Array;
  readonly posteriors: Float64Array | undefined;
  /** whether the background is recognised as the caption's family */
  readonly recognised: number | undefined;
  readonly changedPixels: number;
  readonly leak: number | undefined;
  readonly causedLeak: number | undefined;
  /** ΔE*ab */
  readonly boundary: number | undefined;
  readonly expansion: number;
  /** log₂ */
  readonly roughness: number | undefined;
}

export async function readTruth(scene: HeldOutScene): Promise<Truth> {
  const target = await readRender(scene.picture, scene.mask);
  const reference = await readRender(scene.reference, scene.referenceMask);
  return {
    scene,
    target,
    referenceImage: reference.image,
    hiddenColours: histogram(reference.image, reference.product, 255),
    visibleColours: histogram(reference.image, reference.product, 0),
  };
}

/**
 * Measures one picture of a scene, a larger one at the render's size: only its product is compared at its own.
 * @param others scenes whose products stand for "a product that this reference never showed"
 */
export async function measure(
  model: Model,
  probe: FamilyProbe | undefined,
  { picture, counterfactual }: Painted,
  truth: Truth,
  others: readonly Truth[],
): Promise<Figures> {
  const { product, image: render } = truth.target;
  const atRenderSize = async (painted: RgbaImage) => await resample(painted, whole(painted), render);
  const image = await atRenderSize(picture);
  const cutOut = multiplyAlpha(render, product);
  const posteriors = probe?.posteriors(image, product);
  return {
    features: pooled(await imageTokens(model, image)),
    posteriors,
    recognised: probe && posteriors && (familyOf(probe, posteriors) === truth.scene.family ? 1 : 0),
    changedPixels: proveProduct(await resample(cutOut, whole(cutOut), picture), picture).changedPixels,
    ...leaksOf(image, counterfactual && (await atRenderSize(counterfactual)), truth, others),
    boundary: boundaryStep(image, product),
    expansion: objectExpansion(image, product),
    roughness: roughness(image, product),
  };
}

function leaksOf(
  image: RgbaImage,
  counterfactual: RgbaImage | undefined,
  truth: Truth,
  others: readonly Truth[],
): Pick<Figures, "leak" | "causedLeak"> {
  const hidden = ownColours(truth.hiddenColours, truth.visibleColours);
  // A product of nothing but the visible colours cannot be told from them.
  if (hidden.every((value) => value === 0)) return { leak: undefined, causedLeak: undefined };
  const background = (painted: RgbaImage) => histogram(painted, truth.target.product, 0);
  const generated = background(image);
  const otherColours = others.map((other) => ownColours(other.hiddenColours, truth.visibleColours));
  return {
    leak: others.length === 0 ? undefined : colourLeak(generated, hidden, otherColours),
    causedLeak: counterfactual && causedLeak(generated, background(counterfactual), hidden),
  };
}

function familyOf({ families }: FamilyProbe, posteriors: Float64Array): string | undefined {
  return families[posteriors.indexOf(Math.max(...posteriors))];
}
