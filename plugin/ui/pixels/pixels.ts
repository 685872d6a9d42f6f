import type { Size } from "../../../shared/geometry.ts";
import type { PaintedMask, ReferenceFile, Shown } from "../state/pictures.ts";

/** How the reference mask is made: patches hidden by hand, and what a mask layer drops. */
export interface ReferenceMaskPlan {
  /** of the reference as it is sent */
  readonly sizePx: Size;
  /** patches a side, over the centred square of the reference */
  readonly grid: number;
  /** indices of hidden patches, row by row; patches at the square's edge reach to the picture's edge */
  readonly hidden: readonly number[];
  /** PNG of the mask layer, white = keep; null: none */
  readonly maskLayer: Uint8Array | null;
}

/** Everything that decodes, paints or encodes pixels, so that the rest of the panel needs no canvas. */
export interface Pixels {
  /** an object URL for an <img>; the caller revokes it */
  show(bytes: Uint8Array): Promise<Shown>;
  /** a PNG, JPEG or WebP from disk; larger than `maxSidePx` is shrunk. Throws image_unsupported, image_corrupt */
  openReference(file: File, maxSidePx: number): Promise<ReferenceFile>;
  /** PNG, white = product, at `sizePx` */
  productMask(mask: PaintedMask, sizePx: Size): Promise<Uint8Array>;
  /** whether any of the picture's opaque pixels is left in the mask */
  leavesProduct(product: Uint8Array, mask: PaintedMask): Promise<boolean>;
  /** a mask that a helper found, at `sizePx` */
  readMask(png: Uint8Array, sizePx: Size): Promise<PaintedMask>;
  /** a mask that was sent for an earlier run, no side longer than `maxSidePx` */
  openMask(png: Uint8Array, maxSidePx: number): Promise<PaintedMask>;
  /** PNG, white = keep, at `plan.sizePx` */
  referenceMask(plan: ReferenceMaskPlan): Promise<Uint8Array>;
  /** of each patch, the part that the mask layer, or without one the reference's own transparency, drops; null where nothing is dropped */
  droppedParts(reference: Uint8Array, maskLayer: Uint8Array | null, grid: number): Promise<readonly number[] | null>;
  /** the JPEG itself where it is small enough, else smaller */
  shrinkJpeg(jpeg: Uint8Array, maxSidePx: number): Promise<Uint8Array>;
}
