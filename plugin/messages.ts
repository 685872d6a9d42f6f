import type { Rect, Size } from "../shared/geometry.ts";
import type { Recipe } from "./recipe.ts";

/**
 * What the two halves of the plugin say to each other. `main` runs in Figma's sandbox and sees the document; `ui` is the panel and
 * sees the server. Pictures travel one a message.
 */

/** What a layer can be for a run. `area` is the frame that the background fills. */
export const slots = ["product", "reference", "referenceMask", "area"] as const;
export type Slot = (typeof slots)[number];

/** Slots whose pixels the panel asks for. */
export type PictureSlot = Exclude<Slot, "area">;

/** A layer as the panel shows it. */
export interface LayerInfo {
  readonly id: string;
  readonly name: string;
  /** Figma's node type, such as FRAME */
  readonly type: string;
  /** px in the document, may be fractional */
  readonly size: Size;
}

export type SlotState =
  | { readonly type: "empty" }
  | {
      readonly type: "set";
      readonly layer: LayerInfo /** chosen by the plugin, not by the person */;
      readonly isAutomatic: boolean;
    }
  /** the layer was deleted; its name is what is left of it */
  | { readonly type: "deleted"; readonly name: string };

/** A result that lies in the document. */
export interface PlacedResult {
  readonly nodeId: string;
  readonly jobId: string;
  /** from 1 */
  readonly variant: number;
}

/** Where a run's background goes, frozen when the run starts. */
export interface FrozenPlacement {
  /** px of the picture to make: the area times `scale`, each side 64 … 4096 */
  readonly frame: Size;
  /** the product's rendered box in that picture, whole px; it may stick out of the frame */
  readonly placement: Rect;
  /** px of the picture to one px of the document */
  readonly scale: number;
}

/** A picture of a layer, PNG. */
export interface ExportedPicture {
  readonly bytes: Uint8Array;
  /** exact, as exported */
  readonly sizePx: Size;
}

/** Kept by Figma on this computer (clientStorage), for all documents. */
export interface StoredValues {
  /** the secret shared with a server; see docs/protocol.md */
  readonly pairing: { readonly serverId: string; readonly secret: string };
  readonly clientId: string;
  /** of the server that answered last */
  readonly port: number;
  /** what the panel shows when it opens: settings and preferences; the panel alone knows their shape */
  readonly panel: unknown;
}
export type StoredKey = keyof StoredValues;

/** Why something could not be done in the document. The list is closed. */
export const hostErrorCodes = [
  /** a slot that is needed is empty or its layer was deleted */
  "layer_missing",
  /** the layer is in another slot already */
  "layer_taken",
  /** the layer has no pixels, or none that are visible */
  "layer_invisible",
  "export_failed",
  /** the layer's parent takes no children, and neither does any further out */
  "insert_failed",
  "nothing_selected",
  "picture_too_large",
  "storage_failed",
  "internal",
] as const;
export type HostErrorCode = (typeof hostErrorCodes)[number];

/** From the panel to the document. A message with a `requestId` gets exactly one answer with the same `requestId`. */
export type ToMain =
  /** the panel is ready; answered by `opened` */
  | { readonly type: "ui_ready" }
  /** the one selected layer takes the slot; answered by `slot_changed`, or `host_error` nothing_selected */
  | { readonly type: "use_selection"; readonly slot: Slot }
  | { readonly type: "clear_slot"; readonly slot: Slot }
  /** the layer becomes the selection and is scrolled to; a result is also let be seen, in one undo step */
  | { readonly type: "show_layer"; readonly nodeId: string }
  /** answered by `picture`. maxSidePx caps the longer side; thumbnails use it too */
  | {
      readonly type: "export_picture";
      readonly requestId: string;
      readonly slot: PictureSlot;
      readonly maxSidePx: number;
    }
  /**
   * Freezes product, area and transforms under `runId`; answered by `run_begun` with the product's pixels in the frame's scale.
   * `scale` is wished for; main lowers or raises it so that the frame fits 64 … 4096 px.
   */
  | {
      readonly type: "begin_run";
      readonly requestId: string;
      readonly runId: string;
      readonly scale: number;
      readonly canvasPreviews: boolean;
    }
  /** a preview for the canvas, JPEG of at most 512 px a side; answered by `preview_shown` or `preview_skipped` at once */
  | { readonly type: "show_preview"; readonly runId: string; readonly jpeg: Uint8Array }
  /** the run ended: its preview layer goes. Results can still be inserted */
  | { readonly type: "end_run"; readonly runId: string }
  /**
   * One result as a layer directly beneath the product, in one undo step; answered by `inserted`. Variants of one run form a group, of
   * which the latest inserted is visible. `replace` removes that earlier layer of ours in the same undo step. `isAutomatic`: where a result
   * of the run is in the document already, nothing is inserted, and the answer tells that one.
   */
  | {
      readonly type: "insert_result";
      readonly requestId: string;
      readonly runId: string;
      readonly png: Uint8Array;
      readonly recipe: Recipe;
      readonly replace?: string;
      readonly isAutomatic: boolean;
    }
  /** a layer of ours, and nothing else, is removed in one undo step; answered by `result_removed` */
  | { readonly type: "remove_result"; readonly requestId: string; readonly nodeId: string }
  | { readonly type: "store"; readonly key: StoredKey; readonly value: StoredValues[StoredKey] | null }
  /** at most 100 characters are shown */
  | { readonly type: "notify"; readonly message: string; readonly isError: boolean }
  | { readonly type: "resize"; readonly size: Size }
  | { readonly type: "close" };

/** From the document to the panel. */
export type ToUi =
  | {
      readonly type: "opened";
      /** `regenerate`: opened from the relaunch button of a layer, whose recipe is `recipe` */
      readonly command: "open" | "regenerate";
      readonly recipe: Recipe | null;
      readonly stored: Partial<StoredValues>;
      /** the document's own, the same in all its openings once a result was inserted into it */
      readonly documentId: string;
      readonly slots: Readonly<Record<Slot, SlotState>>;
      readonly selection: readonly LayerInfo[];
      /** on the page that is open */
      readonly results: readonly PlacedResult[];
    }
  | { readonly type: "slot_changed"; readonly slot: Slot; readonly state: SlotState }
  /** the pixels of a slot's layer may have changed: thumbnails are stale */
  | { readonly type: "slot_stale"; readonly slot: PictureSlot }
  | { readonly type: "selection_changed"; readonly selection: readonly LayerInfo[] }
  | {
      readonly type: "picture";
      readonly requestId: string;
      readonly slot: PictureSlot;
      readonly picture: ExportedPicture;
    }
  | {
      readonly type: "run_begun";
      readonly requestId: string;
      readonly runId: string;
      readonly frozen: FrozenPlacement;
      readonly product: ExportedPicture;
    }
  | { readonly type: "preview_shown"; readonly runId: string }
  | {
      readonly type: "preview_skipped";
      readonly runId: string;
      readonly reason: "off" | "too_soon" | "cap_reached" | "product_deleted";
    }
  | {
      readonly type: "inserted";
      readonly requestId: string;
      readonly runId: string;
      readonly nodeId: string;
      /** of the layer */
      readonly variant: number;
      /** false: it was there before */
      readonly isNew: boolean;
    }
  | { readonly type: "result_removed"; readonly requestId: string; readonly nodeId: string }
  /** on a page that was gone to, or brought back by undo */
  | { readonly type: "results_found"; readonly results: readonly PlacedResult[] }
  /** a result layer that the panel knows of is gone (deleted, or undone) */
  | { readonly type: "result_gone"; readonly nodeId: string }
  | {
      readonly type: "host_error";
      readonly code: HostErrorCode;
      readonly message: string;
      readonly requestId?: string;
      readonly slot?: Slot;
    };

/** Every message from the panel travels as `{ pluginMessage }`, as Figma's postMessage wants it. */
export interface PluginEnvelope<Message> {
  readonly pluginMessage: Message;
}
