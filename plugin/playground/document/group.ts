import { absoluteTransform, containerOf } from "./geometry.ts";
import { invert, multiply } from "./matrix.ts";
import { newNode } from "./node.ts";
import { setTransform } from "./settle.ts";
import { addNode, descendantsOf, insertChild, nodeOf, removeNode, type Tree } from "./tree.ts";

/** A new group `id` at `index` of the parent with these layers in it, in the order in which they lie. Layers stay where they are seen. */
export function groupNodes(tree: Tree, ids: readonly string[], parentId: string, index: number, id: string): Tree {
  if (ids.length === 0) throw new Error("First argument must be an array of at least one node");
  const order = descendantsOf(tree, nodeOf(tree, tree.rootId)).map((node) => node.id);
  const sorted = [...ids].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const withGroup = insertChild(addNode(tree, parentId, newNode("GROUP", id)), parentId, index, id);
  return sorted.reduce((current, child, position) => moveInPlace(current, child, id, position), withGroup);
}

/** The group goes, its children take its place. Gives their ids. */
export function ungroupNode(tree: Tree, id: string): { readonly tree: Tree; readonly ids: readonly string[] } {
  const { parentId, children } = nodeOf(tree, id);
  if (parentId === null) throw new Error("The document cannot be ungrouped");
  const index = nodeOf(tree, parentId).children.indexOf(id);
  const moved = children.reduce(
    (current, child, position) => moveInPlace(current, child, parentId, index + position),
    tree,
  );
  return { tree: removeNode(moved, id), ids: children };
}

/** Into another parent, seen where it was. */
export function moveInPlace(tree: Tree, id: string, parentId: string, index: number): Tree {
  const seen = absoluteTransform(tree, nodeOf(tree, id));
  const moved = insertChild(tree, parentId, index, id);
  const container = containerOf(moved, nodeOf(moved, id));
  if (container === undefined) return moved;
  return setTransform(moved, id, multiply(invert(absoluteTransform(moved, container)), seen));
}
