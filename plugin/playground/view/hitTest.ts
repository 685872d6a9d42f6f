import { absoluteBoundingBox, absoluteTransform } from "../document/geometry.ts";
import { apply, type Box, intersection, invert, type Point } from "../document/matrix.ts";
import type { NodeRecord } from "../document/node.ts";
import { ancestorsOf, childrenOf, find, firstPageId, nodeOf, parentOf, type Tree } from "../document/tree.ts";

/**
 * What a click at a point of the page selects. As in Figma: of the layers there the frontmost, at the outermost level, but frames on
 * the page are looked into; `isDeep` goes to the innermost.
 */
export function layerAt(tree: Tree, point: Point, isDeep: boolean): NodeRecord | null {
  const innermost = hit(tree, nodeOf(tree, firstPageId), point);
  return innermost === null || isDeep ? innermost : outermost(tree, innermost);
}

/** One level further in than `from`, towards what is at the point: what a double click selects. */
export function layerInside(tree: Tree, point: Point, from: NodeRecord): NodeRecord | null {
  const innermost = hit(tree, nodeOf(tree, firstPageId), point);
  if (innermost === null) return null;
  const path = [...ancestorsOf(tree, innermost).toReversed(), innermost];
  const index = path.findIndex(({ id }) => id === from.id);
  return path[index + 1] ?? innermost;
}

/** What a selection rectangle touches; of a frame on the page what is in it, unless all of the frame is. */
export function layersIn(tree: Tree, box: Box): readonly NodeRecord[] {
  const candidates = childrenOf(tree, nodeOf(tree, firstPageId)).flatMap((node) => {
    const isLookedInto = node.type === "FRAME" && node.children.length > 0;
    return isLookedInto && !encloses(box, absoluteBoundingBox(tree, node)) ? childrenOf(tree, node) : [node];
  });
  return candidates.filter(
    (node) => node.visible && !node.locked && intersection(box, absoluteBoundingBox(tree, node)) !== null,
  );
}

/** The name above a frame is part of it; `height` is its height in px of the page. */
export function frameNamedAt(tree: Tree, { x, y }: Point, height: number): NodeRecord | null {
  const isOnName = (node: NodeRecord) => {
    const box = absoluteBoundingBox(tree, node);
    return x >= box.x && x <= box.x + box.width && y >= box.y - height && y < box.y;
  };
  return childrenOf(tree, nodeOf(tree, firstPageId)).findLast((node) => isOpenFrame(node) && isOnName(node)) ?? null;
}

/** Another frame, or the page, that layers dropped at the point come to lie in; null where they stay. */
export function dropTarget(tree: Tree, point: Point, ids: readonly string[]): NodeRecord | null {
  const nodes = ids.flatMap((id) => find(tree, id) ?? []);
  if (nodes.length === 0 || nodes.some(({ type }) => type === "FRAME")) return null;
  const page = nodeOf(tree, firstPageId);
  const target = childrenOf(tree, page).findLast((node) => isOpenFrame(node) && contains(tree, node, point)) ?? page;
  const isThere = nodes.every((node) => {
    const frame = ancestorsOf(tree, node).find(({ parentId, type }) => type === "FRAME" && parentId === firstPageId);
    return (frame ?? parentOf(tree, node))?.id === target.id;
  });
  return isThere ? null : target;
}

function isOpenFrame({ type, visible, locked }: NodeRecord): boolean {
  return type === "FRAME" && visible && !locked;
}

function outermost(tree: Tree, node: NodeRecord): NodeRecord {
  const path = [node, ...ancestorsOf(tree, node)].filter(({ type }) => type !== "PAGE" && type !== "DOCUMENT");
  const [top, below] = path.toReversed();
  return top?.type === "FRAME" && below !== undefined ? below : (top ?? node);
}

function hit(tree: Tree, parent: NodeRecord, point: Point): NodeRecord | null {
  for (const child of childrenOf(tree, parent).toReversed()) {
    if (!child.visible || child.locked) continue;
    const isInside = contains(tree, child, point);
    if (!isInside && child.clipsContent) continue;
    const inner = hit(tree, child, point);
    if (inner !== null) return inner;
    if (isInside && child.type !== "GROUP") return child;
  }
  return null;
}

function contains(tree: Tree, node: NodeRecord, point: Point): boolean {
  const { x, y } = apply(invert(absoluteTransform(tree, node)), point);
  return x >= 0 && y >= 0 && x <= node.width && y <= node.height;
}

function encloses(outer: Box, inner: Box): boolean {
  const [right, bottom] = [outer.x + outer.width, outer.y + outer.height];
  return outer.x <= inner.x && outer.y <= inner.y && right >= inner.x + inner.width && bottom >= inner.y + inner.height;
}
