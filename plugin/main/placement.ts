import type { Rect, Size } from "../../shared/geometry.ts";

/**
 * Where the exported product lies in the picture of `area`, whole px. The export is centred on the box it shows, which undoes
 * its rounding; of several boxes that is the one nearest to it in size.
 */
export function productPlacement(exported: Size, boxes: readonly Rect[], area: Rect, scale: number): Rect {
  let shown = area;
  let leastDifference = Number.POSITIVE_INFINITY;
  for (const box of boxes) {
    const difference = Math.abs(box.width * scale - exported.width) + Math.abs(box.height * scale - exported.height);
    if (difference < leastDifference) [shown, leastDifference] = [box, difference];
  }
  return {
    x: wholePx((shown.x + shown.width / 2 - area.x) * scale - exported.width / 2),
    y: wholePx((shown.y + shown.height / 2 - area.y) * scale - exported.height / 2),
    width: exported.width,
    height: exported.height,
  };
}

/** Whether any pixel of the picture is the product's. */
export function isInFrame({ x, y, width, height }: Rect, frame: Size): boolean {
  return x < frame.width && y < frame.height && x + width > 0 && y + height > 0;
}

/** Without the −0 that Math.round gives for −0.3. */
function wholePx(value: number): number {
  return Math.round(value) + 0;
}
