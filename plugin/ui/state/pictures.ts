import type { Size } from "../../../shared/geometry.ts";

/** A picture that an <img> can show. */
export interface Shown {
  /** object URL */
  readonly url: string;
  readonly sizePx: Size;
}

export type Thumbnail =
  | { readonly type: "none" }
  | { readonly type: "loading" }
  | ({ readonly type: "ready" } & Shown)
  | { readonly type: "failed" };

/** A reference from disk instead of a layer. */
export interface ReferenceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sizePx: Size;
  /** its own size, where it was too large to send */
  readonly downscaledFrom: Size | null;
}

/** A mask painted by hand: 255 = product, row by row. */
export interface PaintedMask {
  readonly sizePx: Size;
  readonly data: Uint8Array;
}
