import { type Box, boundsOf, identity, intersection, type Matrix, multiply, union } from "./matrix.ts";
import { isOnPage, type NodeRecord } from "./node.ts";
import { ancestorsOf, childrenOf, parentOf, type Tree } from "./tree.ts";

/** The ancestor that `node.transform` is relative to: the nearest that is no group. */
export function containerOf(tree: Tree, node: NodeRecord): NodeRecord | undefined {
  return ancestorsOf(tree, node).find(({ type }) => type !== "GROUP");
}

/** From the layer's own axes to the page's. */
export function absoluteTransform(tree: Tree, node: NodeRecord): Matrix {
  if (!isOnPage(node.type)) return identity;
  const container = containerOf(tree, node);
  return container === undefined ? node.transform : multiply(absoluteTransform(tree, container), node.transform);
}

/** The upright box on the page around the layer's own box, without strokes and shadows. */
export function absoluteBoundingBox(tree: Tree, node: NodeRecord): Box {
  return boundsOf(absoluteTransform(tree, node), ownBox(node));
}

/** What is drawn of the layer alone, ancestors not regarded; null when nothing is. Exports have this box. */
export function drawnBounds(tree: Tree, node: NodeRecord): Box | null {
  if (!node.visible) return null;
  const matrix = absoluteTransform(tree, node);
  const inside = childrenOf(tree, node)
    .map((child) => drawnBounds(tree, child))
    .reduce(union, null);
  if (node.type === "GROUP") return inside;
  const own = boundsOf(matrix, withEffects(node));
  // What a clip leaves of the children lies within the layer's own box.
  return node.clipsContent ? own : union(own, inside);
}

/** What is drawn of the layer on the page: clipped by its ancestors, null when nothing is visible. */
export function absoluteRenderBounds(tree: Tree, node: NodeRecord): Box | null {
  let bounds = drawnBounds(tree, node);
  for (const ancestor of ancestorsOf(tree, node)) {
    if (!ancestor.visible) return null;
    if (bounds !== null && ancestor.clipsContent) bounds = intersection(bounds, absoluteBoundingBox(tree, ancestor));
  }
  return bounds;
}

/** The layer's box in its own axes. */
export function ownBox({ width, height }: NodeRecord): Box {
  return { x: 0, y: 0, width, height };
}

/** Whether the layer and all around it are shown. */
export function isShown(tree: Tree, node: NodeRecord): boolean {
  const parent = parentOf(tree, node);
  return node.visible && (parent === undefined || isShown(tree, parent));
}

function withEffects(node: NodeRecord): Box {
  const outside = { INSIDE: 0, CENTER: node.strokeWeight / 2, OUTSIDE: node.strokeWeight }[node.strokeAlign];
  const hasStroke = node.strokes.some(({ visible }) => visible ?? true);
  const shape = grow(ownBox(node), hasStroke ? outside : 0);
  return node.effects
    .filter(({ visible }) => visible)
    .map(({ offset, radius }) => grow({ ...shape, x: shape.x + offset.x, y: shape.y + offset.y }, radius))
    .reduce<Box>((box, shadow) => union(box, shadow) ?? box, shape);
}

function grow({ x, y, width, height }: Box, by: number): Box {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}
