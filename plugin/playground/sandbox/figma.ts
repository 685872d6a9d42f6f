import type { Change } from "../document/changes.ts";
import { groupNodes, ungroupNode } from "../document/group.ts";
import { type NodeType, newNode } from "../document/node.ts";
import { addNode, find, firstPageId, isSealed, nodeOf } from "../document/tree.ts";
import type { ToastEnd, View } from "../messages.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { rgb, rgba, solidPaint } from "./colours.ts";
import { inMethod } from "./inMethod.ts";
import { Listeners } from "./listeners.ts";
import { NodeApis } from "./nodeApi.ts";
import { describe, isFontName } from "./nodeProperties.ts";
import { createNotifyApi } from "./notifyApi.ts";
import type { StoredPicture } from "./pictures.ts";
import type { PluginScope } from "./scope.ts";
import { createStorageApi } from "./storageApi.ts";
import { createUiApi } from "./uiApi.ts";
import { createViewportApi } from "./viewportApi.ts";

export interface PluginStart {
  readonly scope: PluginScope;
  readonly pluginId: string;
  readonly command: string;
  readonly stored: Readonly<Record<string, unknown>>;
  readonly view: View;
}

/** A running plugin's end in the worker: its `figma`, and what happens to it from outside. */
export interface FigmaHost {
  readonly figma: object;
  documentChanged(changes: readonly Change[], isSelectionChanged: boolean): void;
  viewChanged(view: View): void;
  fromUi(message: unknown): void;
  toastGone(toastId: number, reason: ToastEnd): void;
  /** the script ran to its end */
  started(): void;
  close(message: string | null): void;
}

/** `figma` with the manifest's `documentAccess: "dynamic-page"`: what would read other pages at once throws. */
export function createFigma({ scope, pluginId, command, stored, view }: PluginStart): FigmaHost {
  const { desk, post, onError } = scope;
  const apis = new NodeApis(scope);
  const listeners = new Listeners(["selectionchange", "currentpagechange", "run", "close"], onError);
  const pageListeners = new Listeners(["nodechange"], onError);
  const notifyApi = createNotifyApi(scope);
  const uiApi = createUiApi(scope);
  const viewportApi = createViewportApi(scope, apis, view);
  const page = createPage(scope, apis, pageListeners);

  const close = (message: string | null) => {
    if (scope.isClosed) return;
    listeners.emit("close");
    scope.isClosed = true;
    desk.commit();
    desk.flush();
    post({ type: "plugin_closed", message });
  };
  const figma = {
    apiVersion: "1.0.0",
    editorType: "figma",
    mode: "default",
    command,
    pluginId,
    mixed: Symbol("figma.mixed"),
    get root() {
      return apis.of(desk.tree.rootId);
    },
    get currentPage() {
      return page;
    },
    set currentPage(_) {
      throw new Error(dynamicPage("currentPage", "figma.setCurrentPageAsync"));
    },
    async setCurrentPageAsync(target: unknown) {
      if (target !== page) throw new Error("in setCurrentPageAsync: the playground has one page");
    },
    loadAllPagesAsync: async () => {},
    getNodeById() {
      throw new Error(dynamicPage("getNodeById", "figma.getNodeByIdAsync"));
    },
    async getNodeByIdAsync(id: unknown) {
      if (typeof id !== "string") throw new Error(`in getNodeByIdAsync: Expected string, received ${describe(id)}`);
      return find(desk.tree, id) === undefined ? null : apis.of(id);
    },
    on: (event: string, call: unknown) => addListener(listeners, event, call, false),
    once: (event: string, call: unknown) => addListener(listeners, event, call, true),
    off: (event: string, call: unknown) => listeners.remove(event, call),
    showUI: uiApi.showUI,
    ui: uiApi.ui,
    closePlugin: (message?: string) => close(message ?? null),
    notify: notifyApi.notify,
    clientStorage: createStorageApi(stored, scope),
    viewport: viewportApi.viewport,
    ...imageFunctions(scope),
    ...layerFunctions(scope, apis),
    commitUndo: () => desk.commit(),
    triggerUndo: () => desk.undo(),
    util: Object.freeze({ rgb, rgba, solidPaint }),
    base64Encode: toBase64,
    base64Decode: fromBase64,
    openExternal: (url: string) => post({ type: "open_external", url: String(url) }),
  };

  return {
    figma: Object.preventExtensions(figma),
    started: () => listeners.emit("run", { command, parameters: undefined }),
    fromUi: uiApi.receive,
    viewChanged: viewportApi.viewChanged,
    toastGone: notifyApi.toastGone,
    close,
    documentChanged(changes, isSelectionChanged) {
      if (scope.isClosed) return;
      const nodeChanges = changes.map((change) => nodeChange(change, apis));
      if (nodeChanges.length > 0) pageListeners.emit("nodechange", { nodeChanges });
      if (isSelectionChanged) listeners.emit("selectionchange");
    },
  };
}

function imageFunctions({ pictures, post }: PluginScope) {
  const imageOf = ({ hash, bytes, size }: StoredPicture) =>
    Object.freeze({ hash, getBytesAsync: async () => bytes.slice(), getSizeAsync: async () => ({ ...size }) });
  return {
    createImage(bytes: unknown) {
      if (!(bytes instanceof Uint8Array))
        throw new Error(`in createImage: Expected Uint8Array, received ${describe(bytes)}`);
      const picture = inMethod("createImage", () => pictures.add(bytes));
      post({ type: "picture", picture: { hash: picture.hash, bytes: picture.bytes }, isFromPlugin: true });
      return imageOf(picture);
    },
    getImageByHash(hash: string) {
      const picture = pictures.get(hash);
      return picture === undefined ? null : imageOf(picture);
    },
  };
}

function layerFunctions(scope: PluginScope, apis: NodeApis) {
  const { desk } = scope;
  const create = (type: NodeType) => () => {
    const id = desk.newId();
    scope.write((tree) => addNode(tree, firstPageId, newNode(type, id)));
    return apis.of(id);
  };
  return {
    createRectangle: create("RECTANGLE"),
    createEllipse: create("ELLIPSE"),
    createFrame: create("FRAME"),
    createComponent: create("COMPONENT"),
    createText: create("TEXT"),
    async loadFontAsync(font: unknown) {
      if (!isFontName(font)) throw new Error("in loadFontAsync: Expected { family, style }");
      scope.loadFont(font);
    },
    group(nodes: readonly unknown[], parent: unknown, index?: number) {
      const ids = nodes.map((node) => apis.idOf(node, "group"));
      const parentId = apis.idOf(parent, "group");
      const target = nodeOf(desk.tree, parentId);
      if (isSealed(desk.tree, target))
        throw new Error("in group: Cannot move node. New parent is an instance or is inside of an instance");
      const id = desk.newId();
      const at = index ?? target.children.length;
      scope.write((tree) => inMethod("group", () => groupNodes(tree, ids, parentId, at, id)));
      return apis.of(id);
    },
    ungroup(node: unknown) {
      const id = apis.idOf(node, "ungroup");
      const ungrouped = inMethod("ungroup", () => ungroupNode(desk.tree, id));
      scope.write(() => ungrouped.tree);
      return ungrouped.ids.map((child) => apis.of(child));
    },
  };
}

/** The page's node, with what only the page has. */
function createPage({ desk }: PluginScope, apis: NodeApis, listeners: Listeners): object {
  const page = Object.defineProperties(apis.of(firstPageId), {
    selection: {
      enumerable: true,
      get: () => Object.freeze(desk.selection.map((id) => apis.of(id))),
      set: (nodes: readonly unknown[]) => desk.select(nodes.map((node) => apis.idOf(node, "set_selection"))),
    },
    on: { value: (event: string, call: unknown) => listeners.add(event, call, false) },
    once: { value: (event: string, call: unknown) => listeners.add(event, call, true) },
    off: { value: (event: string, call: unknown) => listeners.remove(event, call) },
  });
  return Object.preventExtensions(page);
}

function nodeChange(change: Change, apis: NodeApis): object {
  const { id, type } = change;
  const node = change.type === "DELETE" ? { removed: true, type: change.nodeType, id } : apis.of(id);
  const properties = change.type === "PROPERTY_CHANGE" ? { properties: [...change.properties] } : {};
  return { type, id, node, origin: "LOCAL", ...properties };
}

function addListener(listeners: Listeners, event: string, call: unknown, isOnce: boolean): void {
  if (event === "documentchange")
    throw new Error(
      "in on: Cannot register documentchange handler in incremental mode without calling figma.loadAllPagesAsync first.",
    );
  listeners.add(event, call, isOnce);
}

function dynamicPage(member: string, instead: string): string {
  return `in ${member}: Cannot call with documentAccess: dynamic-page. Use ${instead} instead.`;
}
