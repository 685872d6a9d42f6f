import type { PaintedMask } from "../state/pictures.ts";
import { type PatchLayout, patchRect, patchSidePx } from "./geometry.ts";

/** from this grey on a pixel counts as object */
const halfObject = 128;

/** The patches that an object covers, more than `threshold` of each, in ascending order. */
export function patchesOf(object: PaintedMask, grid: number, threshold: number): readonly number[] {
  const layout: PatchLayout = { sizePx: object.sizePx, grid };
  const patchAreaPx = patchSidePx(layout) ** 2;
  return Array.from({ length: grid * grid }, (_, patch) => patch).filter((patch) => {
    const coveredPx = countIn(object, layout, patch);
    return coveredPx > 0 && coveredPx > threshold * patchAreaPx;
  });
}

function countIn({ sizePx, data }: PaintedMask, layout: PatchLayout, patch: number): number {
  const { x, y, width, height } = patchRect(layout, patch);
  let count = 0;
  for (let row = y; row < y + height; row++) {
    for (let i = row * sizePx.width + x; i < row * sizePx.width + x + width; i++) {
      if ((data[i] ?? 0) >= halfObject) count++;
    }
  }
  return count;
}
