import { absoluteTransform, containerOf } from "./geometry.ts";
import { moveInPlace } from "./group.ts";
import { at, invert, multiply, translation, withRotation } from "./matrix.ts";
import { isOnPage, type NodePatch, type NodeType, newNode } from "./node.ts";
import { resizeNode, setTransform, settle } from "./settle.ts";
import {
  addNode,
  ancestorsOf,
  cloneNode,
  find,
  insertChild,
  isSealed,
  nodeOf,
  patchNode,
  removeNode,
  type Tree,
} from "./tree.ts";

/** What a person can set on a layer. */
export type LayerValues = Omit<NodePatch, "transform"> & {
  readonly x?: number;
  readonly y?: number;
  /** degrees, counter-clockwise */
  readonly rotation?: number;
};

/** What a person does to the document by hand. */
export type Edit =
  /** px of the page */
  | { readonly type: "move"; readonly ids: readonly string[]; readonly dx: number; readonly dy: number }
  | { readonly type: "remove"; readonly ids: readonly string[] }
  | { readonly type: "set"; readonly id: string; readonly values: LayerValues }
  /** into another parent, seen where it was; `index` as in insertChild */
  | { readonly type: "reparent"; readonly id: string; readonly parentId: string; readonly index: number }
  | { readonly type: "duplicate"; readonly ids: readonly string[] }
  | { readonly type: "add"; readonly parentId: string; readonly nodeType: NodeType; readonly values: LayerValues };

export interface Edited {
  readonly tree: Tree;
  /** layers that the edit made */
  readonly made: readonly string[];
}

/** The tree after an edit by hand; layers that are gone are passed over. */
export function applyEdit(tree: Tree, edit: Edit, newId: () => string): Edited {
  const edited = applyUnsettled(tree, edit, newId);
  return { ...edited, tree: settle(edited.tree) };
}

/** Sets place and size by their own rules, everything else as it is. */
export function setValues(tree: Tree, id: string, { x, y, rotation, width, height, ...patch }: LayerValues): Tree {
  let next = Object.keys(patch).length === 0 ? tree : patchNode(tree, id, patch);
  const { transform, ...size } = nodeOf(next, id);
  const [[, , oldX], [, , oldY]] = transform;
  const turned = rotation === undefined ? transform : withRotation(transform, rotation);
  const placed = at(turned, { x: x ?? oldX, y: y ?? oldY });
  if (x !== undefined || y !== undefined || rotation !== undefined) next = setTransform(next, id, placed);
  return width === undefined && height === undefined
    ? next
    : resizeNode(next, id, width ?? size.width, height ?? size.height);
}

function applyUnsettled(tree: Tree, edit: Edit, newId: () => string): Edited {
  switch (edit.type) {
    case "move": {
      if (edit.dx === 0 && edit.dy === 0) return only(tree);
      return only(topmost(tree, edit.ids).reduce((current, id) => move(current, id, edit.dx, edit.dy), tree));
    }
    case "remove": {
      const removable = topmost(tree, edit.ids).filter((id) => !isInInstance(tree, id));
      return only(removable.reduce(removeNode, tree));
    }
    case "set":
      return only(find(tree, edit.id) ? setValues(tree, edit.id, edit.values) : tree);
    case "reparent":
      return only(moveInPlace(tree, edit.id, edit.parentId, edit.index));
    case "duplicate":
      return duplicate(tree, topmost(tree, edit.ids), newId);
    case "add": {
      const id = newId();
      return { tree: setValues(addNode(tree, edit.parentId, newNode(edit.nodeType, id)), id, edit.values), made: [id] };
    }
  }
}

function move(tree: Tree, id: string, dx: number, dy: number): Tree {
  const node = nodeOf(tree, id);
  const container = containerOf(tree, node);
  if (container === undefined) return tree;
  const toPage = absoluteTransform(tree, container);
  const delta = multiply(invert(toPage), multiply(translation(dx, dy), toPage));
  return setTransform(tree, id, multiply(delta, node.transform));
}

/** Each copy directly in front of its original. */
function duplicate(tree: Tree, ids: readonly string[], newId: () => string): Edited {
  return ids.reduce<Edited>(
    ({ tree: current, made }, id) => {
      const copy = cloneNode(current, id, newId);
      const { parentId } = nodeOf(tree, id);
      if (parentId === null) return { tree: copy.tree, made: [...made, copy.id] };
      const index = nodeOf(copy.tree, parentId).children.indexOf(id) + 1;
      return { tree: insertChild(copy.tree, parentId, index, copy.id), made: [...made, copy.id] };
    },
    { tree, made: [] },
  );
}

/** Without those whose ancestor is among them, and those that are gone. */
function topmost(tree: Tree, ids: readonly string[]): readonly string[] {
  const nodes = ids.flatMap((id) => find(tree, id) ?? []).filter(({ type }) => isOnPage(type));
  return nodes.filter((node) => !ancestorsOf(tree, node).some(({ id }) => ids.includes(id))).map(({ id }) => id);
}

function isInInstance(tree: Tree, id: string): boolean {
  return ancestorsOf(tree, nodeOf(tree, id)).some((ancestor) => isSealed(tree, ancestor));
}

function only(tree: Tree): Edited {
  return { tree, made: [] };
}
