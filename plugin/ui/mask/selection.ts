import type { PaintedMask } from "../state/pictures.ts";
import { takesAnything } from "./strokes.ts";

/** The mask with an object added. The first that is selected of a whole picture is all that stays: the rest was no choice. */
export function withObject(mask: PaintedMask, object: PaintedMask): PaintedMask {
  if (!takesAnything(mask)) return object;
  return { sizePx: mask.sizePx, data: mask.data.map((value, i) => Math.max(value, object.data[i] ?? 0)) };
}

export function withoutObject(mask: PaintedMask, object: PaintedMask): PaintedMask {
  return { sizePx: mask.sizePx, data: mask.data.map((value, i) => Math.min(value, 255 - (object.data[i] ?? 0))) };
}
