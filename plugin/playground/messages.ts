import type { Edit } from "./document/edits.ts";
import type { ExportConstraint } from "./document/exportRegion.ts";
import type { History } from "./document/history.ts";
import type { Box, Point } from "./document/matrix.ts";
import type { Tree } from "./document/tree.ts";

/**
 * What the playground's page and its worker say to each other. The worker has the document and runs the plugin's main half
 * beside it; the page shows both. A worker runs one plugin at most and is replaced after it.
 */

export interface StoredDocument {
  readonly tree: Tree;
  readonly selection: readonly string[];
  /** of the next new layer */
  readonly nextId: number;
}

export interface Picture {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** What the canvas shows, px of the page. */
export interface View {
  readonly center: Point;
  /** px of the screen to one px of the page */
  readonly zoom: number;
  readonly bounds: Box;
}

/** Asked by the page, answered by exactly one `reply` with the value named. */
export type Ask =
  /** `isStep` false: part of a movement that goes on, no undo step yet; gives the ids of new layers */
  | { readonly type: "edit"; readonly edit: Edit; readonly isStep: boolean }
  | { readonly type: "undo" }
  | { readonly type: "redo" }
  | { readonly type: "select"; readonly ids: readonly string[] }
  /** a rectangle with this picture around a point of the page, in the frontmost frame there; gives its id */
  | { readonly type: "add_picture"; readonly bytes: Uint8Array; readonly name: string; readonly center: Point }
  /** gives a PNG */
  | {
      readonly type: "export";
      readonly id: string;
      readonly constraint: ExportConstraint;
      readonly useAbsoluteBounds: boolean;
    }
  /** gives a Handover; the worker is at its end */
  | { readonly type: "hand_over" };

export interface Handover {
  readonly document: StoredDocument;
  readonly history: History;
}

export interface PluginSource {
  readonly code: string;
  readonly html: string;
  readonly pluginId: string;
}

/** Why a toast went. */
export type ToastEnd = "timeout" | "dismiss" | "action_button_click";

export type ToSandbox =
  | {
      readonly type: "open";
      readonly document: StoredDocument;
      /** null: nothing to undo */
      readonly history: History | null;
      readonly pictures: readonly Picture[];
      readonly view: View;
    }
  | {
      readonly type: "run";
      readonly source: PluginSource;
      readonly command: string;
      /** clientStorage as the page has kept it */
      readonly stored: Readonly<Record<string, unknown>>;
    }
  | { readonly type: "from_ui"; readonly message: unknown }
  | { readonly type: "view_changed"; readonly view: View }
  /** the person closed the plugin: its close listeners run, then `plugin_closed` comes */
  | { readonly type: "close_plugin" }
  | { readonly type: "toast_gone"; readonly toastId: number; readonly reason: ToastEnd }
  | { readonly type: "ask"; readonly askId: number; readonly ask: Ask };

export interface UiOptions {
  readonly visible: boolean;
  readonly title: string | null;
  readonly width: number;
  readonly height: number;
  readonly themeColors: boolean;
}

export interface Toast {
  readonly toastId: number;
  readonly message: string;
  readonly isError: boolean;
  /** Infinity: until it is dismissed */
  readonly timeoutMs: number;
  readonly button: string | null;
}

export type FromSandbox =
  | {
      readonly type: "changed";
      readonly document: StoredDocument;
      readonly canUndo: boolean;
      readonly canRedo: boolean;
    }
  /** once for every call of createImage, and for every picture that the page added */
  | { readonly type: "picture"; readonly picture: Picture; readonly isFromPlugin: boolean }
  | { readonly type: "show_ui"; readonly html: string; readonly options: UiOptions }
  | { readonly type: "ui_visible"; readonly visible: boolean }
  | { readonly type: "ui_resize"; readonly width: number; readonly height: number }
  | { readonly type: "ui_close" }
  | { readonly type: "to_ui"; readonly message: unknown }
  | { readonly type: "toast"; readonly toast: Toast }
  | { readonly type: "toast_cancel"; readonly toastId: number }
  /** undefined: deleted */
  | { readonly type: "store"; readonly key: string; readonly value: unknown }
  | { readonly type: "show_box"; readonly box: Box }
  | { readonly type: "show_view"; readonly center: Point; readonly zoom: number }
  | { readonly type: "open_external"; readonly url: string }
  | { readonly type: "plugin_closed"; readonly message: string | null }
  /** the plugin threw; `isFatal` when it never got to run */
  | {
      readonly type: "plugin_error";
      readonly message: string;
      readonly stack: string | null;
      readonly isFatal: boolean;
    }
  | { readonly type: "reply"; readonly askId: number; readonly value: unknown }
  | { readonly type: "reply_error"; readonly askId: number; readonly message: string };
