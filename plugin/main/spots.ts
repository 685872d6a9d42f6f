import type { Size } from "../../shared/geometry.ts";
import { HostFailure, reasonOf } from "./hostFailure.ts";
import { ancestorsOf, childSpace, isAutoLayout, type Parent } from "./layers.ts";
import { type Affine, inverse, multiply } from "./transforms.ts";

/** A place for a layer: directly beneath `above`, or at `index` of `parent` when `above` is no longer there. */
export interface Spot {
  readonly parent: Parent;
  readonly above: SceneNode;
  readonly index: number;
}

/** Where a layer beneath `product` may go: the nearest place first, the page last. Some of them will refuse, as inside an instance. */
export function spotsBeneath(product: SceneNode): readonly Spot[] {
  const spots: Spot[] = [];
  let above = product;
  for (const parent of ancestorsOf(product)) {
    if (takesBackground(parent)) spots.push({ parent, above, index: indexOf(parent, above) });
    if (parent.type === "PAGE" || parent.type === "DOCUMENT") break;
    above = parent;
  }
  return spots;
}

/** Puts the layer at the first spot that takes it, its box at `placed` in the page. */
export function putBeneath(layer: RectangleNode, spots: readonly Spot[], placed: Affine, size: Size): void {
  let refusal: unknown;
  for (const { parent, above, index } of spots) {
    try {
      parent.insertChild(indexBeneath(parent, above, index), layer);
      setPlace(layer, placed, size);
      return;
    } catch (thrown) {
      refusal = thrown;
    }
  }
  throw new HostFailure(
    "insert_failed",
    `There is no place left for the background: ${reasonOf(refusal)}. Undo its deletion, or generate again.`,
    { cause: refusal },
  );
}

/** Gives a layer that has its parent its box at `placed` in the page, out of the way of auto layout. */
export function setPlace(layer: RectangleNode, placed: Affine, size: Size): void {
  const parent = layer.parent;
  if (parent === null) return;
  if (isAutoLayout(parent)) layer.layoutPositioning = "ABSOLUTE";
  layer.resize(size.width, size.height);
  layer.relativeTransform = multiply(inverse(childSpace(parent)), placed);
}

function takesBackground(parent: Parent): boolean {
  switch (parent.type) {
    case "FRAME":
    case "COMPONENT":
    case "SECTION":
    case "PAGE":
      return true;
    case "GROUP":
      // A group grows with its children, and auto layout would push the product away.
      return !isLaidOut(parent);
    default:
      return false;
  }
}

function isLaidOut(group: GroupNode): boolean {
  const parent = group.parent;
  if (parent === null) return false;
  if (parent.type === "GROUP") return isLaidOut(parent);
  return isAutoLayout(parent) && group.layoutPositioning === "AUTO";
}

function indexBeneath(parent: Parent, above: SceneNode, index: number): number {
  const found = above.removed ? -1 : indexOf(parent, above);
  if (found === -1) return Math.min(index, parent.children.length);
  const firstIsOnTop = "itemReverseZIndex" in parent && isAutoLayout(parent) && parent.itemReverseZIndex;
  return firstIsOnTop ? found + 1 : found;
}

function indexOf(parent: Parent, child: SceneNode): number {
  return parent.children.findIndex(({ id }) => id === child.id);
}
