import type { Size } from "../../../shared/geometry.ts";

/** `size` shrunk so that no side is longer; never enlarged. */
export function fitWithin(size: Size, maxSidePx: number): Size {
  const scale = Math.min(1, maxSidePx / Math.max(size.width, size.height));
  const side = (px: number) => Math.max(1, Math.round(px * scale));
  return { width: side(size.width), height: side(size.height) };
}
