import type { Size } from "../../../shared/geometry.ts";
import type { Point as ClickedPoint } from "../../../shared/protocol/helpers.ts";
import type { Point } from "../patches/geometry.ts";

/** Where the pointer is on a picture, in its px, that fills an element; null while the element has no size on the screen. */
export function pointIn(element: Element | null, event: PointerEvent, sizePx: Size): Point | null {
  const box = element?.getBoundingClientRect();
  if (box === undefined || box.width === 0 || box.height === 0) return null;
  return {
    x: ((event.clientX - box.left) / box.width) * sizePx.width,
    y: ((event.clientY - box.top) / box.height) * sizePx.height,
  };
}

export type { ClickedPoint };

/** A click as helpers take it: parts of the picture's sides. Beyond the picture counts as its edge. */
export function clickedAt({ x, y }: Point, { width, height }: Size, keep: boolean): ClickedPoint {
  const part = (px: number, ofPx: number) => Math.min(Math.max(px / ofPx, 0), 1);
  return { x: part(x, width), y: part(y, height), keep };
}
