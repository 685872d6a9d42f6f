import { type PatchLayout, patchRect } from "../patches/geometry.ts";
import type { Rgba } from "./canvas.ts";

/** From this grey on a pixel counts as kept; the engine's rule. */
const halfKept = 128;

/** What a mask layer says of each pixel: its luminance on black, so that empty parts drop; the engine's formula. */
export function luminanceOf({ data }: Rgba): Uint8Array {
  return perPixel(data, (at) => (0.2126 * at(0) + 0.7152 * at(1) + 0.0722 * at(2)) * (at(3) / 255));
}

export function alphaOf({ data }: Rgba): Uint8Array {
  return perPixel(data, (at) => at(3));
}

/** Both masks at once: a pixel is kept as far as both keep it. */
export function multiplied(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((value, i) => Math.round((value * (b[i] ?? 0)) / 255));
}

export function keepsAnything(keep: Uint8Array): boolean {
  return keep.some((value) => value >= halfKept);
}

/** The mask with some patches dropped: 255 = keep, one byte a pixel. */
export function dropPatches(keep: Uint8Array, layout: PatchLayout, patches: readonly number[]): Uint8Array {
  const dropped = keep.slice();
  for (const patch of patches) {
    const { x, y, width, height } = patchRect(layout, patch);
    for (let row = y; row < y + height; row++) {
      const start = row * layout.sizePx.width + x;
      dropped.fill(0, start, start + width);
    }
  }
  return dropped;
}

/**
 * Of each patch, the part that is dropped, 0 … 1; null where nothing is.
 * @param keep of the centred square, `grid` × `patchPx` px a side
 */
export function droppedPartsOf(keep: Uint8Array, grid: number, patchPx: number): readonly number[] | null {
  const counts = new Array<number>(grid * grid).fill(0);
  const sidePx = grid * patchPx;
  keep.forEach((value, i) => {
    if (value >= halfKept) return;
    const patch = Math.floor(Math.floor(i / sidePx) / patchPx) * grid + Math.floor((i % sidePx) / patchPx);
    counts[patch] = (counts[patch] ?? 0) + 1;
  });
  return counts.some((count) => count > 0) ? counts.map((count) => count / patchPx ** 2) : null;
}

function perPixel(data: Uint8ClampedArray, value: (at: (channel: number) => number) => number): Uint8Array {
  const out = new Uint8Array(data.length / 4);
  for (let i = 0; i < out.length; i++) out[i] = Math.round(value((channel) => data[i * 4 + channel] ?? 0));
  return out;
}
