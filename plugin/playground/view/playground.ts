import type { Edit } from "../document/edits.ts";
import { absoluteBoundingBox } from "../document/geometry.ts";
import type { Box, Point } from "../document/matrix.ts";
import { find } from "../document/tree.ts";
import type { Ask, FromSandbox, Handover, PluginSource, StoredDocument, ToastEnd, View } from "../messages.ts";
import { BitmapCache } from "./bitmapCache.ts";
import type { Theme } from "./figmaColors.ts";
import { themeNotice } from "./framePage.ts";
import {
  forgetDocument,
  type KeptDocument,
  loadStorage,
  saveDocument,
  savePicture,
  saveStorage,
} from "./persistence.ts";
import { sampleDocument } from "./sampleDocument.ts";
import { SandboxClient } from "./sandboxClient.ts";
import { type PlaygroundState, Store } from "./store.ts";

/** What the canvas can do for others. */
export interface CanvasControl {
  showBox(box: Box): void;
  showView(center: Point, zoom: number): void;
  /** from px of the page to px of the window */
  toScreen(box: Box): Box;
}

const saveDelayMs = 400;

/** The open playground: it owns the worker, shows what comes from it, and keeps the document in this browser. */
export class Playground {
  readonly store: Store<PlaygroundState>;
  readonly cache = new BitmapCache(() => this.store.set({}));
  /** calls of createImage by plugins since the page was opened */
  imageCount = 0;
  canvas: CanvasControl | null = null;
  /** the panel's frame, once there is one */
  frame: Window | null = null;
  private readonly source: PluginSource;
  private client: SandboxClient;
  private view: View = { center: { x: 0, y: 0 }, zoom: 1, bounds: { x: 0, y: 0, width: 0, height: 0 } };
  /** ends when the plugin that is being stopped has given the document back */
  private stopping: Promise<void> = Promise.resolve();
  /** for the panel, until it is loaded */
  private toFrame: readonly unknown[] = [];
  private isFrameReady = false;
  private lastPanelKey = 0;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: PluginSource, { document, pictures }: KeptDocument, theme: Theme) {
    this.source = source;
    this.store = new Store<PlaygroundState>({
      document,
      canUndo: false,
      canRedo: false,
      theme,
      isPluginRunning: false,
      pluginError: null,
      panel: null,
      toasts: [],
      hoveredId: null,
      zoom: 1,
    });
    for (const picture of pictures) this.cache.add(picture);
    this.client = this.open(document, null);
    this.save();
  }

  /** Runs the plugin anew: what ran before is closed first. */
  async run(command: string): Promise<void> {
    await this.stop();
    this.store.set({ isPluginRunning: true, pluginError: null });
    this.client.post({ type: "run", source: this.source, command, stored: loadStorage(Number(location.port)) });
  }

  /** Closes the plugin; one that hangs is killed, and with it what can be undone. */
  async stop(): Promise<void> {
    await this.stopping;
    if (!this.store.state.isPluginRunning) return;
    this.client.post({ type: "close_plugin" });
    await this.replaceWorker();
  }

  /** Gives the ids of new layers. */
  async edit(edit: Edit, isStep = true): Promise<readonly string[]> {
    return (await this.ask({ type: "edit", edit, isStep })) as readonly string[];
  }

  /** Answered after everything that it changes is shown. */
  async ask(ask: Ask): Promise<unknown> {
    await this.stopping;
    return await this.client.ask(ask);
  }

  select(ids: readonly string[]): void {
    void this.ask({ type: "select", ids });
  }

  /** The sample document, as on the first opening; a plugin that ran is run again. */
  async reset(): Promise<void> {
    const wasRunning = this.store.state.isPluginRunning;
    await this.stop();
    await forgetDocument();
    const { document, pictures } = await sampleDocument();
    for (const picture of pictures) {
      this.cache.add(picture);
      void savePicture(picture);
    }
    await this.client.handOver();
    this.client = this.open(document, null);
    this.store.set({ document, hoveredId: null });
    if (wasRunning) await this.run("");
  }

  /** Kept from now on; before that the system's theme is shown. */
  setTheme(theme: Theme): void {
    localStorage.setItem("theme", theme);
    this.store.set({ theme });
    this.postToFrame(themeNotice(theme));
  }

  viewChanged(view: View): void {
    this.view = view;
    this.client.post({ type: "view_changed", view });
    if (this.store.state.zoom !== view.zoom) this.store.set({ zoom: view.zoom });
  }

  /** From the panel, to the plugin's main half. */
  fromUi(message: unknown): void {
    this.client.post({ type: "from_ui", message });
  }

  frameReady(): void {
    this.isFrameReady = true;
    for (const message of this.toFrame) this.postToFrame(message);
    this.toFrame = [];
  }

  toastGone(toastId: number, reason: ToastEnd): void {
    this.store.set({ toasts: this.store.state.toasts.filter((toast) => toast.toastId !== toastId) });
    this.client.post({ type: "toast_gone", toastId, reason });
  }

  private open(document: StoredDocument, history: Handover["history"] | null): SandboxClient {
    const open = { type: "open", document, history, pictures: this.cache.all(), view: this.view } as const;
    return new SandboxClient(open, (message) => this.receive(message));
  }

  private async replaceWorker(): Promise<void> {
    this.store.set({ isPluginRunning: false });
    this.stopping = (async () => {
      const handover = await this.client.handOver();
      this.closePanel();
      this.client = this.open(handover?.document ?? this.store.state.document, handover?.history ?? null);
    })();
    await this.stopping;
  }

  private receive(message: FromSandbox): void {
    const { store } = this;
    switch (message.type) {
      case "changed":
        store.set({ document: message.document, canUndo: message.canUndo, canRedo: message.canRedo });
        this.save();
        return;
      case "picture":
        if (message.isFromPlugin) this.imageCount += 1;
        if (this.cache.add(message.picture)) void savePicture(message.picture);
        return;
      case "show_ui":
        this.closePanel();
        this.lastPanelKey += 1;
        store.set({ panel: { key: this.lastPanelKey, html: message.html, options: message.options } });
        return;
      case "ui_visible":
        this.changePanel({ visible: message.visible });
        return;
      case "ui_resize":
        this.changePanel({ width: message.width, height: message.height });
        return;
      case "ui_close":
        this.closePanel();
        return;
      case "to_ui": {
        const envelope = { pluginMessage: message.message, pluginId: this.source.pluginId };
        if (this.isFrameReady) this.postToFrame(envelope);
        else this.toFrame = [...this.toFrame, envelope];
        return;
      }
      case "toast":
        store.set({ toasts: [...store.state.toasts, message.toast] });
        return;
      case "toast_cancel":
        store.set({ toasts: store.state.toasts.filter(({ toastId }) => toastId !== message.toastId) });
        return;
      case "store":
        saveStorage(message.key, message.value);
        return;
      case "show_box":
        this.canvas?.showBox(message.box);
        return;
      case "show_view":
        this.canvas?.showView(message.center, message.zoom);
        return;
      case "open_external":
        if (/^https?:/.test(message.url)) window.open(message.url, "_blank", "noopener");
        return;
      case "plugin_closed":
        if (store.state.isPluginRunning) void this.replaceWorker();
        return;
      case "plugin_error":
        console.error(message.stack ?? message.message);
        store.set({ pluginError: { message: message.message, isFatal: message.isFatal } });
        if (message.isFatal) void this.replaceWorker();
        return;
      case "reply":
      case "reply_error":
        return;
    }
  }

  private changePanel(change: Partial<NonNullable<PlaygroundState["panel"]>["options"]>): void {
    const { panel } = this.store.state;
    if (panel !== null) this.store.set({ panel: { ...panel, options: { ...panel.options, ...change } } });
  }

  private closePanel(): void {
    this.frame = null;
    this.isFrameReady = false;
    this.toFrame = [];
    this.store.set({ panel: null });
  }

  /** The frame has no origin that could be named. */
  private postToFrame(message: unknown): void {
    this.frame?.postMessage(message, "*");
  }

  private save(): void {
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => void saveDocument(this.store.state.document), saveDelayMs);
  }
}

/** The boxes of layers on the page; layers that are gone are passed over. */
export function boxesOf({ document: { tree } }: PlaygroundState, ids: readonly string[]): readonly Box[] {
  return ids.flatMap((id) => find(tree, id) ?? []).map((node) => absoluteBoundingBox(tree, node));
}
