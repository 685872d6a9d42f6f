import {
  attach,
  buildTree,
  type Change,
  descendants,
  detach,
  dropIfEmptyGroup,
  FakeNode,
  type Host,
  markRemoved,
  type NodeSpec,
} from "./fakeNodes.ts";

/** A small Figma for the sandbox: runs beside the plugin inside QuickJS, and is driven by JSON from the tests. */

export interface Opening {
  readonly pages: readonly NodeSpec[];
  readonly selection?: readonly string[];
  readonly command?: string;
  readonly storage?: Readonly<Record<string, unknown>>;
  /** private data of the document's root */
  readonly documentData?: Readonly<Record<string, string>>;
}

/** What a test can ask for. */
export interface Hooks {
  /** from the panel to the plugin, in one go */
  send(...messages: readonly unknown[]): void;
  /** from the plugin to the panel, since it was asked last */
  sent(): readonly unknown[];
  /** writes and commits, since it was asked last */
  log(): readonly string[];
  tree(id: string): unknown;
  select(ids: readonly string[]): void;
  goToPage(id: string): void;
  deleteNode(id: string): void;
  /** as undo does: the same id, at its place */
  restoreNode(id: string): void;
  /** to the top of another parent */
  moveNode(id: string, parentId: string): void;
  /** what a designer changes by hand */
  edit(
    id: string,
    change: { readonly name?: string; readonly x?: number; readonly y?: number; readonly fills?: readonly unknown[] },
  ): void;
  advance(ms: number): void;
  close(): void;
  counts(): { readonly images: number; readonly closed: boolean };
  /** of a page's changes */
  listeners(pageId: string): number;
  exports(): readonly unknown[];
  notices(): readonly unknown[];
  storage(): Readonly<Record<string, unknown>>;
  /** lets the document refuse something: `insert` beneath a parent, `export` of a node, `storage` */
  refuse(what: string): void;
}

const nodes = new Map<string, FakeNode>();
const parents = new Map<string, { readonly parent: FakeNode; readonly index: number }>();
const refusals = new Set<string>();
const handlers = new Map<string, () => void>();
const storage = new Map<string, unknown>();
const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
let [sent, log, exports, notices, changes] = [[], [], [], [], []] as [
  unknown[],
  string[],
  unknown[],
  unknown[],
  Change[],
];
let [nowMs, nextId, images, isClosed, isRecording] = [1_000_000, 1, 0, false, false];
let root: FakeNode;
let currentPage: FakeNode;

const host: Host = {
  written(id, what) {
    if (isRecording && what !== "selection") log.push(`${id} ${what}`);
    if (what.startsWith("insertChild") && refusals.has(`insert ${id}`)) throw new Error(`${id} takes no children`);
  },
  changed: (change) => void changes.push(change),
  exported(id, settings) {
    exports.push({ id, settings });
    if (refusals.has(`export ${id}`)) throw new Error("out of memory");
  },
};

/** Sets the globals that Figma's sandbox has beyond the language, and no others. */
export function openFigma(opening: Opening): Hooks {
  const register = (node: FakeNode) => void nodes.set(node.id, node);
  const { pages, documentData = {} } = opening;
  root = buildTree({ id: "0:0", type: "DOCUMENT", children: pages, pluginData: documentData }, host, register);
  const [firstPage] = root.children;
  if (firstPage === undefined) throw new Error("a document has a page");
  currentPage = firstPage;
  currentPage.selection = (opening.selection ?? []).map(nodeOf);
  for (const [key, value] of Object.entries(opening.storage ?? {})) storage.set(key, value);

  Object.assign(globalThis, {
    __html__: "<html></html>",
    figma: createFigma(opening.command),
    console: { log() {}, warn() {}, error() {} },
    Date: { now: () => nowMs },
    setTimeout(run: () => void, delayMs: number) {
      timers.set(nextId, { atMs: nowMs + delayMs, run });
      return nextId++;
    },
    clearTimeout: (id: number) => timers.delete(id),
  });
  isRecording = true;
  return hooks;
}

/** Tells the plugin of what changed; true when there was something. */
export function reportChanges(): boolean {
  const nodeChanges = changes;
  changes = [];
  for (const listener of currentPage.state.listeners) if (nodeChanges.length > 0) listener({ nodeChanges });
  return nodeChanges.length > 0;
}

function createFigma(command: string | undefined) {
  return {
    command,
    root,
    get currentPage() {
      return currentPage;
    },
    async setCurrentPageAsync(page: FakeNode) {
      currentPage = page;
      handlers.get("currentpagechange")?.();
    },
    async getNodeByIdAsync(id: string) {
      const node = nodes.get(id);
      return node === undefined || node.removed ? null : node;
    },
    on: (type: string, handler: () => void) => void handlers.set(type, handler),
    showUI: (_html: string, options: unknown) => void notices.push({ showUI: options }),
    ui: {
      onmessage: undefined as unknown,
      postMessage: (message: unknown) => void sent.push(message),
      resize: (width: number, height: number) => void notices.push({ resize: [width, height] }),
    },
    closePlugin: close,
    notify: (message: string, options: unknown) => void notices.push({ notify: message, options }),
    clientStorage: {
      getAsync: async (key: string) => storage.get(key),
      deleteAsync: async (key: string) => void storage.delete(key),
      async setAsync(key: string, value: unknown) {
        if (refusals.has("storage")) throw new Error("quota exceeded");
        storage.set(key, value);
      },
    },
    createImage(bytes: Uint8Array) {
      if (!(bytes instanceof Uint8Array) || bytes.length === 0)
        throw new Error("in createImage: Image type is unsupported");
      images++;
      return { hash: `image-${images}` };
    },
    createRectangle() {
      const node = new FakeNode({ id: `9:${nextId++}`, type: "RECTANGLE", name: "Rectangle" }, host);
      nodes.set(node.id, node);
      attach(currentPage, node);
      host.written(node.id, "create");
      changes.push({ type: "CREATE", id: node.id, node });
      return node;
    },
    group(children: readonly FakeNode[], parent: FakeNode, index: number) {
      const group = new FakeNode({ id: `9:${nextId++}`, type: "GROUP", name: "Group" }, host);
      nodes.set(group.id, group);
      host.written(group.id, "create");
      parent.insertChild(index, group);
      for (const [i, child] of children.entries()) group.insertChild(i, child);
      return group;
    },
    commitUndo: () => void log.push("commit"),
    viewport: {
      scrollAndZoomIntoView: (shown: readonly FakeNode[]) => void notices.push({ show: shown.map(({ id }) => id) }),
    },
  };
}

const hooks: Hooks = {
  send(...messages) {
    for (const message of messages) figmaGlobal().ui.onmessage(message);
  },
  sent() {
    const messages = sent;
    sent = [];
    return messages;
  },
  log() {
    const entries = log;
    log = [];
    return entries;
  },
  tree: (id) => describe(nodeOf(id)),
  select(ids) {
    unrecorded(() => {
      currentPage.selection = ids.map(nodeOf);
    });
    handlers.get("selectionchange")?.();
  },
  goToPage(id) {
    currentPage = nodeOf(id);
    handlers.get("currentpagechange")?.();
  },
  deleteNode: (id) =>
    unrecorded(() => {
      const node = nodeOf(id);
      const parent = node.parent;
      if (parent === null) throw new Error("the document stays");
      parents.set(id, { parent, index: parent.children.findIndex((child) => child.id === id) });
      changes.push({ type: "DELETE", id, node });
      detach(node);
      markRemoved(node);
      dropIfEmptyGroup(parent);
    }),
  restoreNode(id) {
    const [node, place] = [nodeOf(id), parents.get(id)];
    if (place === undefined) throw new Error(`${id} was not deleted`);
    markRemoved(node, false);
    attach(place.parent, node, place.index);
    changes.push({ type: "CREATE", id, node });
  },
  moveNode(id, parentId) {
    const [node, parent] = [nodeOf(id), nodeOf(parentId)];
    detach(node);
    attach(parent, node);
    changes.push({ type: "PROPERTY_CHANGE", id, node, properties: ["parent"] });
  },
  edit: (id, change) =>
    unrecorded(() => {
      const node = nodeOf(id);
      const [[a, c, e], [b, d, f]] = node.state.local;
      node.state.local = [
        [a, c, change.x ?? e],
        [b, d, change.y ?? f],
      ];
      if (change.name !== undefined) node.name = change.name;
      if (change.fills !== undefined) node.fills = change.fills;
      changes.push({ type: "PROPERTY_CHANGE", id, node, properties: Object.keys(change) });
    }),
  advance(ms) {
    nowMs += ms;
    for (const [id, { atMs, run }] of [...timers]) {
      if (atMs > nowMs) continue;
      timers.delete(id);
      run();
    }
  },
  close,
  counts: () => ({ images, closed: isClosed }),
  listeners: (pageId) => nodeOf(pageId).state.listeners.length,
  exports: () => exports,
  notices: () => notices,
  storage: () => Object.fromEntries(storage),
  refuse: (what) => void refusals.add(what),
};

function close(): void {
  handlers.get("close")?.();
  isClosed = true;
}

function nodeOf(id: string): FakeNode {
  const node = nodes.get(id);
  if (node === undefined) throw new Error(`no node ${id}`);
  return node;
}

function unrecorded(edit: () => void): void {
  isRecording = false;
  edit();
  isRecording = true;
}

function describe(node: FakeNode): unknown {
  const { id, type, name, visible, locked, fills, layoutPositioning, width, height } = node;
  const isPage = type === "PAGE";
  return {
    ...{ id, type, name, visible, locked, fills, layoutPositioning },
    ...(isPage
      ? {}
      : { width, height, relativeTransform: node.relativeTransform, absoluteTransform: node.absoluteTransform }),
    data: Object.fromEntries(node.state.data),
    children: node.children.map(describe),
    count: descendants(node).length,
  };
}

function figmaGlobal(): { readonly ui: { onmessage(message: unknown): void } } {
  return Reflect.get(globalThis, "figma");
}
