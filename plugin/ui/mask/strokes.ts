import type { Size } from "../../../shared/geometry.ts";
import type { Point } from "../patches/geometry.ts";
import { fitWithin } from "../pixels/fitWithin.ts";
import type { PaintedMask } from "../state/pictures.ts";

/** A round brush; `value` is what it leaves behind: 255 = product, 0 = not. */
export interface MaskBrush {
  /** px of the mask */
  readonly radiusPx: number;
  readonly value: 0 | 255;
}

/** px of the longer side of a mask: finer than any model paints. */
const maxMaskSidePx = 1024;

/** Everything is product: the layer's own alpha decides alone. */
export function wholeMask(pictureSizePx: Size): PaintedMask {
  const sizePx = fitWithin(pictureSizePx, maxMaskSidePx);
  return { sizePx, data: new Uint8Array(sizePx.width * sizePx.height).fill(255) };
}

/** The mask after the brush went from one point to another (px of the mask), with an edge one px soft. */
export function paintStroke(mask: PaintedMask, brush: MaskBrush, from: Point, to: Point): PaintedMask {
  const { width, height } = mask.sizePx;
  const data = mask.data.slice();
  const reachPx = brush.radiusPx + 1;
  const [left, right] = bounds(from.x, to.x, reachPx, width);
  const [top, bottom] = bounds(from.y, to.y, reachPx, height);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const distancePx = distanceToSegment({ x: x + 0.5, y: y + 0.5 }, from, to);
      const cover = Math.min(Math.max(brush.radiusPx + 0.5 - distancePx, 0), 1);
      const before = data[y * width + x] ?? 0;
      const after = Math.round(brush.value === 255 ? 255 * cover : 255 * (1 - cover));
      data[y * width + x] = brush.value === 255 ? Math.max(before, after) : Math.min(before, after);
    }
  }
  return { sizePx: mask.sizePx, data };
}

/** Whether anything was taken from the product. */
export function takesAnything(mask: PaintedMask): boolean {
  return mask.data.some((value) => value < 255);
}

function bounds(from: number, to: number, reachPx: number, sidePx: number): readonly [number, number] {
  return [
    Math.max(Math.floor(Math.min(from, to) - reachPx), 0),
    Math.min(Math.ceil(Math.max(from, to) + reachPx), sidePx),
  ];
}

function distanceToSegment(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const lengthSquared = dx * dx + dy * dy;
  const along = lengthSquared === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / lengthSquared;
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(point.x - from.x - t * dx, point.y - from.y - t * dy);
}
