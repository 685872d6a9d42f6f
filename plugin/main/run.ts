import { frameFor, grownBounds, type Rect } from "../../shared/geometry.ts";
import type { FrozenPlacement, ToMain, ToUi } from "../messages.ts";
import type { Recipe } from "../recipe.ts";
import { exportScaled, visibleBounds } from "./exportPicture.ts";
import { HostFailure } from "./hostFailure.ts";
import { findLayer, pageOf } from "./layers.ts";
import { isInFrame, productPlacement } from "./placement.ts";
import { readRecipe, resultsIn } from "./recipes.ts";
import type { Slots } from "./slots.ts";
import { type Spot, spotsBeneath } from "./spots.ts";
import { type Affine, inverse, multiply, translation } from "./transforms.ts";

/** Where the background goes, as it was when the run began. */
export interface Place {
  readonly productId: string;
  /** the box to fill, in the page */
  readonly box: Rect;
  /** the frame that the box belongs to, and the box in its space: when it moves, the background moves along */
  readonly area: { readonly id: string; readonly boxInArea: Affine } | null;
  /** for when the product is gone */
  readonly spots: readonly Spot[];
}

export interface Run {
  readonly id: string;
  readonly place: Place;
  readonly preview: PreviewState;
  /** results in the document, the oldest first */
  readonly resultIds: string[];
}

export interface PreviewState {
  isOn: boolean;
  layer: RectangleNode | null;
  shown: number;
  lastMs: number;
}

/** Freezes where the background goes and exports the product to fit it. */
export async function beginRun(
  { requestId, runId, scale: wishedScale, canvasPreviews }: Extract<ToMain, { type: "begin_run" }>,
  slots: Slots,
): Promise<{ readonly run: Run; readonly answer: Extract<ToUi, { type: "run_begun" }> }> {
  const product = await slots.layer("product");
  const area = await slots.area(product);
  const seen = visibleBounds(product, "product");
  const place = freezePlace(product, area);
  const { frame, scale } = fittingFrame(place.box, seen, wishedScale);
  const bounds = [seen, product.absoluteBoundingBox ?? seen];

  const picture = await exportScaled(product, "product", scale);
  const placement = productPlacement(picture.sizePx, bounds, place.box, scale);
  if (!isInFrame(placement, frame)) {
    throw new HostFailure(
      "layer_invisible",
      `The product “${product.name}” lies outside of the area. Move it in, or choose another area.`,
      { slot: "area" },
    );
  }
  const frozen: FrozenPlacement = { frame, placement, scale };
  return {
    run: createRun(runId, place, { canvasPreviews, resultIds: [] }),
    answer: { type: "run_begun", requestId, runId, frozen, product: picture },
  };
}

/** A run of an earlier opening, whose result is inserted now: its layers are where they are now. */
export async function recallRun(runId: string, layers: Recipe["layers"]): Promise<Run> {
  const product = await findLayer(layers.product);
  if (product === null) {
    throw new HostFailure(
      "insert_failed",
      "The product that this result was made for is not in this document any more. Undo its deletion, or generate again.",
    );
  }
  const area = layers.area === null ? null : await findLayer(layers.area);
  if (layers.area !== null && area === null) {
    throw new HostFailure(
      "insert_failed",
      "The area that this result fills is not in this document any more. Undo its deletion, or generate again.",
    );
  }
  const page = pageOf(product);
  const isOfRun = (layer: SceneNode) => {
    const recipe = readRecipe(layer);
    return recipe?.jobId === runId && recipe.layers.product === product.id;
  };
  const placed = page === null ? [] : resultsIn(page).filter(isOfRun);
  const resultIds = placed.map(({ id }) => id);
  return createRun(runId, freezePlace(product, area), { canvasPreviews: false, resultIds });
}

/** The transform of the background in the page now, and the product if it still exists. */
export async function placeNow(place: Place): Promise<{
  readonly product: SceneNode | null;
  readonly placed: Affine;
}> {
  const product = await findLayer(place.productId);
  const area = place.area === null ? null : await findLayer(place.area.id);
  const placed =
    place.area !== null && area !== null
      ? multiply(area.absoluteTransform, place.area.boxInArea)
      : translation(place.box.x, place.box.y);
  return { product, placed };
}

interface RunOptions {
  readonly canvasPreviews: boolean;
  readonly resultIds: string[];
}

function createRun(id: string, place: Place, { canvasPreviews, resultIds }: RunOptions): Run {
  const preview = { isOn: canvasPreviews, layer: null, shown: 0, lastMs: Number.NEGATIVE_INFINITY };
  return { id, place, preview, resultIds };
}

function freezePlace(product: SceneNode, area: SceneNode | null): Place {
  const spots = spotsBeneath(product);
  if (area === null) {
    return { productId: product.id, box: grownBounds(visibleBounds(product, "product")), area: null, spots };
  }
  const box = area.absoluteBoundingBox;
  if (box === null || pageOf(area)?.id !== pageOf(product)?.id) {
    throw new HostFailure(
      "layer_missing",
      `The area “${area.name}” is not on the page of the product. Choose a frame around the product.`,
      { slot: "area" },
    );
  }
  const boxInArea = multiply(inverse(area.absoluteTransform), translation(box.x, box.y));
  return { productId: product.id, box, area: { id: area.id, boxInArea }, spots };
}

function fittingFrame(box: Rect, product: Rect, wishedScale: number) {
  const fitting = frameFor(box, product, wishedScale);
  if (fitting !== null) return fitting;
  throw new HostFailure(
    "picture_too_large",
    "The area is too narrow, or the product too large for it: each side of the picture must be 64 to 4096 px. Choose another area.",
    { slot: "area" },
  );
}
