import type { LayerValues } from "../document/edits.ts";
import type { ExportConstraint } from "../document/exportRegion.ts";
import type { Box } from "../document/matrix.ts";
import type { NodeRecord, NodeType } from "../document/node.ts";
import { childrenOf, firstPageId, nodeOf, type Tree } from "../document/tree.ts";
import type { Theme } from "./figmaColors.ts";
import { boxesOf, type Playground } from "./playground.ts";

/** A layer as tests see it. */
export interface TreeNode extends Omit<NodeRecord, "children" | "parentId"> {
  readonly children: readonly TreeNode[];
}

/** `window.playground`: the document by script, for tests and for trying things out in the console. */
export interface Hooks {
  run(command?: string): Promise<void>;
  stop(): Promise<void>;
  select(...ids: readonly string[]): Promise<void>;
  undo(): Promise<void>;
  redo(): Promise<void>;
  /** the layers of the page, back to front */
  tree(): Promise<readonly TreeNode[]>;
  /** a layer as exportAsync gives it, as base64 */
  png(id: string, constraint?: ExportConstraint, useAbsoluteBounds?: boolean): Promise<string>;
  theme(theme: Theme): void;
  deleteNode(id: string): Promise<void>;
  /** px in the parent's axes */
  moveNode(id: string, x: number, y: number): Promise<void>;
  setProps(id: string, values: LayerValues): Promise<void>;
  /** gives the layer's id */
  addNode(parentId: string, type: NodeType, values: LayerValues): Promise<string>;
  /** base64 of a PNG, JPEG or GIF, around a point of the page; gives the layer's id */
  addImage(base64: string, name: string, x: number, y: number): Promise<string>;
  /** where a layer is seen, px of the window; undefined when it is gone */
  screenPlace(id: string): Box | undefined;
  /** calls of createImage by the plugin since the page was opened */
  imageCount(): Promise<number>;
  reset(): Promise<void>;
}

declare global {
  interface Window {
    playground?: Hooks;
  }
}

export function createHooks(playground: Playground): Hooks {
  const { store } = playground;
  /** What the plugin did so far is seen once something that was asked after it is answered. */
  const settled = () => playground.ask({ type: "edit", edit: { type: "move", ids: [], dx: 0, dy: 0 }, isStep: false });
  return {
    run: (command = "") => playground.run(command),
    stop: () => playground.stop(),
    async select(...ids) {
      await playground.ask({ type: "select", ids });
    },
    async undo() {
      await playground.ask({ type: "undo" });
    },
    async redo() {
      await playground.ask({ type: "redo" });
    },
    async tree() {
      await settled();
      const { tree } = store.state.document;
      return childrenOf(tree, nodeOf(tree, firstPageId)).map((node) => treeNode(tree, node));
    },
    async png(id, constraint = { type: "SCALE", value: 1 }, useAbsoluteBounds = false) {
      const bytes = (await playground.ask({ type: "export", id, constraint, useAbsoluteBounds })) as Uint8Array;
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    },
    theme: (theme) => playground.setTheme(theme),
    async deleteNode(id) {
      await playground.edit({ type: "remove", ids: [id] });
    },
    async moveNode(id, x, y) {
      await playground.edit({ type: "set", id, values: { x, y } });
    },
    async setProps(id, values) {
      await playground.edit({ type: "set", id, values });
    },
    async addNode(parentId, nodeType, values) {
      const [id = ""] = await playground.edit({ type: "add", parentId, nodeType, values });
      return id;
    },
    async addImage(base64, name, x, y) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      return String(await playground.ask({ type: "add_picture", bytes, name, center: { x, y } }));
    },
    screenPlace(id) {
      const [box] = boxesOf(store.state, [id]);
      return box && playground.canvas?.toScreen(box);
    },
    async imageCount() {
      await settled();
      return playground.imageCount;
    },
    reset: () => playground.reset(),
  };
}

function treeNode(tree: Tree, { parentId: _, ...node }: NodeRecord): TreeNode {
  const children = node.children.map((id) => treeNode(tree, nodeOf(tree, id)));
  return { ...node, children };
}
