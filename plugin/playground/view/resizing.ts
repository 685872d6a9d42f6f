import type { LayerValues } from "../document/edits.ts";
import { absoluteTransform } from "../document/geometry.ts";
import { apply, invert, type Point } from "../document/matrix.ts";
import type { NodeRecord } from "../document/node.ts";
import type { Tree } from "../document/tree.ts";

export type Corner = "topLeft" | "topRight" | "bottomRight" | "bottomLeft";

/** In parts of width and height. */
const corners: Readonly<Record<Corner, Point>> = {
  topLeft: { x: 0, y: 0 },
  topRight: { x: 1, y: 0 },
  bottomRight: { x: 1, y: 1 },
  bottomLeft: { x: 0, y: 1 },
};

/** The corner of the layer within `reach` px of the page of the point. */
export function cornerAt(tree: Tree, node: NodeRecord, point: Point, reach: number): Corner | null {
  const matrix = absoluteTransform(tree, node);
  const isNear = (corner: Corner) => {
    const { x, y } = apply(matrix, { x: corners[corner].x * node.width, y: corners[corner].y * node.height });
    return Math.hypot(x - point.x, y - point.y) <= reach;
  };
  return (Object.keys(corners) as Corner[]).find(isNear) ?? null;
}

/** Place and size of the layer once its corner is at the point, the opposite one where it was; sides of whole px. */
export function draggedCorner(
  tree: Tree,
  node: NodeRecord,
  corner: Corner,
  point: Point,
  keepsAspect: boolean,
): LayerValues {
  const inLayer = apply(invert(absoluteTransform(tree, node)), point);
  const isLeft = corners[corner].x === 0;
  const isTop = corners[corner].y === 0;
  const wanted = {
    width: isLeft ? node.width - inLayer.x : inLayer.x,
    height: isTop ? node.height - inLayer.y : inLayer.y,
  };
  const factor = Math.max(wanted.width / node.width, wanted.height / node.height);
  const width = Math.max(1, Math.round(keepsAspect ? node.width * factor : wanted.width));
  const height = Math.max(1, keepsAspect ? (width * node.height) / node.width : Math.round(wanted.height));
  const origin = { x: isLeft ? node.width - width : 0, y: isTop ? node.height - height : 0 };
  return { ...apply(node.transform, origin), width, height };
}
