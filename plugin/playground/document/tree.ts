import { isContainer, type NodePatch, type NodeRecord, newNode } from "./node.ts";

/** A whole document. It is never changed: an edit gives another one that shares what stayed the same. */
export interface Tree {
  readonly rootId: string;
  readonly nodes: Readonly<Record<string, NodeRecord>>;
}

export const rootId = "0:0";
export const firstPageId = "0:1";

export function emptyTree(): Tree {
  const root: NodeRecord = { ...newNode("DOCUMENT", rootId), children: [firstPageId] };
  const page: NodeRecord = { ...newNode("PAGE", firstPageId, { name: "Page 1" }), parentId: rootId };
  return { rootId, nodes: { [rootId]: root, [firstPageId]: page } };
}

/** Whether nothing tells them apart, whatever was done to one and taken back. */
export function sameTree(a: Tree, b: Tree): boolean {
  const ids = new Set([...Object.keys(a.nodes), ...Object.keys(b.nodes)]);
  return [...ids].every(
    (id) => a.nodes[id] === b.nodes[id] || JSON.stringify(a.nodes[id]) === JSON.stringify(b.nodes[id]),
  );
}

export function find(tree: Tree, id: string): NodeRecord | undefined {
  return tree.nodes[id];
}

export function nodeOf(tree: Tree, id: string): NodeRecord {
  const node = tree.nodes[id];
  if (node === undefined) throw new Error(`The node with id "${id}" does not exist`);
  return node;
}

export function parentOf(tree: Tree, node: NodeRecord): NodeRecord | undefined {
  return node.parentId === null ? undefined : tree.nodes[node.parentId];
}

export function childrenOf(tree: Tree, node: NodeRecord): readonly NodeRecord[] {
  return node.children.map((id) => nodeOf(tree, id));
}

/** From the parent up to the document. */
export function ancestorsOf(tree: Tree, node: NodeRecord): readonly NodeRecord[] {
  const parent = parentOf(tree, node);
  return parent === undefined ? [] : [parent, ...ancestorsOf(tree, parent)];
}

/** Each layer before its children, back to front; without `node` itself. */
export function descendantsOf(tree: Tree, node: NodeRecord): readonly NodeRecord[] {
  return childrenOf(tree, node).flatMap((child) => [child, ...descendantsOf(tree, child)]);
}

export function pageOf(tree: Tree, node: NodeRecord): NodeRecord | undefined {
  return [node, ...ancestorsOf(tree, node)].find(({ type }) => type === "PAGE");
}

export function patchNode(tree: Tree, id: string, patch: NodePatch): Tree {
  return { ...tree, nodes: { ...tree.nodes, [id]: { ...nodeOf(tree, id), ...patch } } };
}

/** Puts a new layer in front of all others in the parent. */
export function addNode(tree: Tree, parentId: string, node: NodeRecord): Tree {
  const added: Tree = { ...tree, nodes: { ...tree.nodes, [node.id]: node } };
  return insertChild(added, parentId, nodeOf(tree, parentId).children.length, node.id);
}

/** Moves a layer directly behind the child that now stands at `index`. */
export function insertChild(tree: Tree, parentId: string, index: number, id: string): Tree {
  const parent = nodeOf(tree, parentId);
  const node = nodeOf(tree, id);
  if (!isContainer(parent.type)) throw new Error(`${parent.type} takes no children`);
  if (id === parentId || ancestorsOf(tree, parent).some((ancestor) => ancestor.id === id))
    throw new Error("A node cannot be moved into itself");
  if (!Number.isInteger(index) || index < 0 || index > parent.children.length)
    throw new Error(`Index out of range: expected 0 to ${parent.children.length}, got ${index}`);
  const isOther = (child: string) => child !== id;
  const before = parent.children.slice(0, index).filter(isOther);
  const after = parent.children.slice(index).filter(isOther);
  const detached = detach(tree, node);
  const nodes = {
    ...detached.nodes,
    [parentId]: { ...nodeOf(detached, parentId), children: [...before, id, ...after] },
    [id]: { ...node, parentId },
  };
  return { ...tree, nodes };
}

/** The layer goes, and all inside it. */
export function removeNode(tree: Tree, id: string): Tree {
  const node = nodeOf(tree, id);
  const gone = new Set([id, ...descendantsOf(tree, node).map((descendant) => descendant.id)]);
  const kept = Object.entries(detach(tree, node).nodes).filter(([key]) => !gone.has(key));
  return { ...tree, nodes: Object.fromEntries(kept) };
}

/** A copy of a layer and all inside it, in front of the page; `newId` names each copy. Gives the copy's id. */
export function cloneNode(tree: Tree, id: string, newId: () => string): { readonly tree: Tree; readonly id: string } {
  const source = nodeOf(tree, id);
  const page = pageOf(tree, source);
  if (page === undefined || page.id === id) throw new Error("Only layers on a page can be cloned");
  const copies: Record<string, NodeRecord> = {};
  const copy = (node: NodeRecord, parentId: string): string => {
    const copyId = newId();
    const children = childrenOf(tree, node).map((child) => copy(child, copyId));
    copies[copyId] = { ...node, id: copyId, parentId, children };
    return copyId;
  };
  const copyId = copy(source, page.id);
  const nodes = { ...tree.nodes, ...copies, [page.id]: { ...page, children: [...page.children, copyId] } };
  return { tree: { ...tree, nodes }, id: copyId };
}

/** Whether children may neither come nor go here: this is an instance, or inside one. */
export function isSealed(tree: Tree, node: NodeRecord): boolean {
  return [node, ...ancestorsOf(tree, node)].some(({ type }) => type === "INSTANCE");
}

function detach(tree: Tree, node: NodeRecord): Tree {
  const parent = parentOf(tree, node);
  if (parent === undefined) return tree;
  const children = parent.children.filter((child) => child !== node.id);
  return { ...tree, nodes: { ...tree.nodes, [parent.id]: { ...parent, children } } };
}
