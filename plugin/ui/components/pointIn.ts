import type { Size } from "../../../shared/geometry.ts";
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
