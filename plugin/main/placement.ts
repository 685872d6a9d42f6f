import type { Rect, Size } from "../../shared/geometry.ts";

/** What the server paints and Figma takes; the same as `frameSidePx` of shared/settings.ts, which the sandbox cannot load. */
export const pictureSidePx = { min: 64, max: 4096 } as const;

/** An export is rounded outwards to whole pixels on both sides. */
const exportRoundingPx = 2;

/** The area when no frame contains the product: the product with half a side more on each side. */
export function grownBounds({ x, y, width, height }: Rect): Rect {
  return { x: x - width / 2, y: y - height / 2, width: 2 * width, height: 2 * height };
}

/**
 * The picture to make for `area`, at the scale nearest to `wishedScale` at which both of its sides and those of the product's
 * picture are allowed; null when there is none.
 */
export function frameFor(
  area: Size,
  product: Size,
  wishedScale: number,
): { readonly frame: Size; readonly scale: number } | null {
  const least = pictureSidePx.min / Math.min(area.width, area.height);
  const most = Math.min(
    pictureSidePx.max / Math.max(area.width, area.height),
    (pictureSidePx.max - exportRoundingPx) / Math.max(product.width, product.height),
  );
  if (!(least <= most)) return null;
  const scale = Math.min(Math.max(wishedScale, least), most);
  return { frame: { width: frameSide(area.width * scale), height: frameSide(area.height * scale) }, scale };
}

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

function frameSide(sidePx: number): number {
  return Math.min(Math.max(Math.round(sidePx), pictureSidePx.min), pictureSidePx.max);
}

/** Without the −0 that Math.round gives for −0.3. */
function wholePx(value: number): number {
  return Math.round(value) + 0;
}
