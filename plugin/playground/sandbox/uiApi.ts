import type { UiOptions } from "../messages.ts";
import { Listeners } from "./listeners.ts";
import { describe } from "./nodeProperties.ts";
import type { PluginScope } from "./scope.ts";

export interface UiApi {
  readonly showUI: (html: unknown, options?: unknown) => void;
  /** `figma.ui` */
  readonly ui: object;
  /** a message of the panel has come */
  receive(message: unknown): void;
}

const defaultSize = { width: 300, height: 200 };
const minWidth = 70;

/** The panel's end in the sandbox: `figma.showUI` and `figma.ui`. */
export function createUiApi({ post, onError }: PluginScope): UiApi {
  const listeners = new Listeners(["message"], onError);
  let isShown = false;
  let onmessage: unknown;
  const expectShown = (method: string) => {
    if (!isShown) throw new Error(`in ${method}: No UI to ${method}; call figma.showUI() first`);
  };
  const setVisible = (method: string, visible: boolean) => {
    expectShown(method);
    post({ type: "ui_visible", visible });
  };
  const ui = {
    get onmessage() {
      return onmessage;
    },
    set onmessage(call: unknown) {
      if (onmessage !== undefined) listeners.remove("message", onmessage);
      onmessage = call;
      if (call !== undefined) listeners.add("message", call, false);
    },
    on: (event: string, call: unknown) => listeners.add(event, call, false),
    once: (event: string, call: unknown) => listeners.add(event, call, true),
    off: (event: string, call: unknown) => listeners.remove(event, call),
    postMessage(message: unknown) {
      expectShown("postMessage");
      post({ type: "to_ui", message });
    },
    show: () => setVisible("show", true),
    hide: () => setVisible("hide", false),
    resize(width: unknown, height: unknown) {
      expectShown("resize");
      if (typeof width !== "number" || typeof height !== "number")
        throw new Error(`in resize: Expected numbers, received ${describe(width)}, ${describe(height)}`);
      post({ type: "ui_resize", width: Math.max(minWidth, width), height: Math.max(0, height) });
    },
    close() {
      isShown = false;
      post({ type: "ui_close" });
    },
  };
  return {
    ui: Object.preventExtensions(ui),
    showUI(html, options = {}) {
      if (typeof html !== "string") throw new Error(`in showUI: Expected string, received ${describe(html)}`);
      isShown = true;
      post({ type: "show_ui", html, options: parseOptions(options) });
    },
    receive: (message) => listeners.emit("message", message, { origin: "null" }),
  };
}

function parseOptions(value: unknown): UiOptions {
  const given = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return {
    visible: given.visible !== false,
    title: typeof given.title === "string" ? given.title : null,
    width: typeof given.width === "number" ? Math.max(minWidth, given.width) : defaultSize.width,
    height: typeof given.height === "number" ? Math.max(0, given.height) : defaultSize.height,
    themeColors: given.themeColors === true,
  };
}
