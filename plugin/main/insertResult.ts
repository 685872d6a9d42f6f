import type { Size } from "../../shared/geometry.ts";
import type { PlacedResult } from "../messages.ts";
import type { Recipe } from "../recipe.ts";
import { endPreviews } from "./canvasPreview.ts";
import { keepDocumentId, rememberLayers } from "./documentMemory.ts";
import { HostFailure, reasonOf } from "./hostFailure.ts";
import { findLayer, isAutoLayout } from "./layers.ts";
import { isOurs, placedResult, resultName, runName, writeRecipe } from "./recipes.ts";
import { placeNow, type Run } from "./run.ts";
import { productOf, showResult } from "./showResult.ts";
import { putBeneath, setPlace, spotsBeneath } from "./spots.ts";
import type { Affine } from "./transforms.ts";
import { asOneUndoStep } from "./undo.ts";

/** Inserts one result of the run beneath its product, or beside the run's other results, in one undo step. No preview covers it any more. */
export async function insertResult(
  run: Run,
  png: Uint8Array,
  recipe: Recipe,
  replacedId: string | undefined,
): Promise<RectangleNode> {
  const { product, placed } = await placeNow(run.place);
  const replaced = replacedId === undefined ? null : await findLayer(replacedId);
  const siblings = await siblingsOf(run, replacedId);
  const spots = product === null ? run.place.spots : spotsBeneath(product);
  const imageHash = createImage(png);

  endPreviews(run);
  const layer = asOneUndoStep(() => {
    const layer = figma.createRectangle();
    try {
      layer.name = resultName(recipe);
      layer.fills = [{ type: "IMAGE", scaleMode: "FILL", imageHash }];
      writeRecipe(layer, recipe);
      const [first] = siblings;
      if (first === undefined) {
        putBeneath(layer, spots, placed, run.place.box);
      } else {
        groupOf(first, runName(recipe)).insertChild(0, layer);
        setPlace(layer, placed, run.place.box);
      }
      if (replaced !== null && isOurs(replaced)) replaced.remove();
      showResult(layer);
      rememberLayers(recipe.layers);
      keepDocumentId();
      return layer;
    } catch (thrown) {
      if (!layer.removed) layer.remove();
      if (thrown instanceof HostFailure) throw thrown;
      throw insertFailed(thrown);
    }
  });
  run.resultIds.push(layer.id);
  return layer;
}

/** The first of the run's results that is in the document; null where none is. */
export async function findInserted(run: Run): Promise<PlacedResult | null> {
  const results = (await siblingsOf(run, undefined)).map(placedResult);
  return results.find((result) => result !== null) ?? null;
}

/** Removes a layer of ours in one undo step; one that is gone already is fine. */
export async function removeResult(nodeId: string): Promise<void> {
  const layer = await findLayer(nodeId);
  if (layer === null) return;
  if (!isOurs(layer)) {
    throw new HostFailure("layer_missing", `“${layer.name}” was not made by Backdrop, so it stays. Delete it by hand.`);
  }
  asOneUndoStep(() => layer.remove());
}

/** The run's results that are in the document and stay. */
async function siblingsOf(run: Run, replacedId: string | undefined): Promise<readonly SceneNode[]> {
  const found = await Promise.all(run.resultIds.filter((id) => id !== replacedId).map(findLayer));
  return found.filter((layer) => layer !== null);
}

/** The group of the run's results; made around the first of them when it is not there yet. */
function groupOf(first: SceneNode, name: string): GroupNode {
  const parent = first.parent;
  if (parent === null) throw insertFailed("the run's first result has no parent");
  if (parent.type === "GROUP" && productOf(parent) !== null) return parent;
  const transform = first.absoluteTransform;
  const group = figma.group(
    [first],
    parent,
    parent.children.findIndex(({ id }) => id === first.id),
  );
  group.name = name;
  if (isAutoLayout(parent)) takeOutOfLayout(group, first, transform);
  return group;
}

function takeOutOfLayout(group: GroupNode, first: SceneNode, transform: Affine): void {
  group.layoutPositioning = "ABSOLUTE";
  if (first.type === "RECTANGLE") setPlace(first, transform, sizeOf(first));
}

function sizeOf({ width, height }: RectangleNode): Size {
  return { width, height };
}

function createImage(png: Uint8Array): string {
  try {
    return figma.createImage(png).hash;
  } catch (thrown) {
    throw insertFailed(thrown);
  }
}

function insertFailed(thrown: unknown): HostFailure {
  return new HostFailure(
    "insert_failed",
    `Figma did not take the result: ${reasonOf(thrown)}. It is kept in the history; try again from there.`,
    { cause: thrown },
  );
}
