import { ownBox } from "./geometry.ts";
import { apply, at, type Box, boundsOf, invert, type Matrix, multiply, union } from "./matrix.ts";
import type { NodeRecord } from "./node.ts";
import { childrenOf, descendantsOf, find, nodeOf, patchNode, removeNode, type Tree } from "./tree.ts";

/**
 * What Figma does after every write by itself: groups without children go, groups fit their children, and auto layout puts
 * its children in a row.
 */
export function settle(tree: Tree): Tree {
  const innermostFirst = descendantsOf(tree, nodeOf(tree, tree.rootId)).toReversed();
  return innermostFirst.reduce((settled, { id }) => {
    const node = find(settled, id);
    if (node === undefined) return settled;
    if (node.type === "GROUP") return fitGroup(settled, node);
    return node.layoutMode === "NONE" ? settled : layOut(settled, node);
  }, tree);
}

/** Moves a layer by a transform in its container's axes; the children of a group come along. */
export function setTransform(tree: Tree, id: string, transform: Matrix): Tree {
  const node = nodeOf(tree, id);
  if (node.type !== "GROUP") return patchNode(tree, id, { transform });
  const delta = multiply(transform, invert(node.transform));
  const moved = childrenOf(tree, node).reduce(
    (current, child) => setTransform(current, child.id, multiply(delta, child.transform)),
    tree,
  );
  return patchNode(moved, id, { transform });
}

/** px; both at least 0.01, as in Figma. A group's children are scaled along, about the group's corner. */
export function resizeNode(tree: Tree, id: string, width: number, height: number): Tree {
  if (!(width >= 0.01 && height >= 0.01)) throw new Error("Expected width and height of at least 0.01");
  const node = nodeOf(tree, id);
  if (node.type !== "GROUP") return patchNode(tree, id, { width, height });
  const [sx, sy] = [width / node.width, height / node.height];
  const toGroup = invert(node.transform);
  const resized = childrenOf(tree, node).reduce((current, child) => {
    const inGroup = multiply(toGroup, child.transform);
    const corner = { x: inGroup[0][2] * sx, y: inGroup[1][2] * sy };
    const moved = setTransform(current, child.id, multiply(node.transform, at(inGroup, corner)));
    return resizeNode(moved, child.id, child.width * sx, child.height * sy);
  }, tree);
  return patchNode(resized, id, { width, height });
}

function fitGroup(tree: Tree, group: NodeRecord): Tree {
  const axes = at(group.transform, { x: 0, y: 0 });
  const toAxes = invert(axes);
  const box = childrenOf(tree, group)
    .map((child) => boundsOf(multiply(toAxes, child.transform), ownBox(child)))
    .reduce<Box | null>(union, null);
  if (box === null) return removeNode(tree, group.id);
  const transform = at(axes, apply(axes, box));
  const isSame =
    near(box.width, group.width) &&
    near(box.height, group.height) &&
    near(transform[0][2], group.transform[0][2]) &&
    near(transform[1][2], group.transform[1][2]);
  return isSame ? tree : patchNode(tree, group.id, { transform, width: box.width, height: box.height });
}

/** Children start at the paddings and follow each other; those with an absolute position are left alone. */
function layOut(tree: Tree, frame: NodeRecord): Tree {
  const isRow = frame.layoutMode === "HORIZONTAL";
  const inFlow = childrenOf(tree, frame).filter((child) => child.visible && child.layoutPositioning === "AUTO");
  let next = isRow ? frame.paddingLeft : frame.paddingTop;
  return inFlow.reduce((current, child) => {
    const box = boundsOf(at(child.transform, { x: 0, y: 0 }), ownBox(child));
    const corner = isRow
      ? { x: next - box.x, y: frame.paddingTop - box.y }
      : { x: frame.paddingLeft - box.x, y: next - box.y };
    next += (isRow ? box.width : box.height) + frame.itemSpacing;
    const isThere = near(corner.x, child.transform[0][2]) && near(corner.y, child.transform[1][2]);
    return isThere ? current : setTransform(current, child.id, at(child.transform, corner));
  }, tree);
}

/** Rounding alone is no change. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}
