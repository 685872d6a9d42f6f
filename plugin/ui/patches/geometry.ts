import { coverCrop, type Rect, type Size } from "../../../shared/geometry.ts";

/** px of the picture, from its top left corner; may be fractional */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A picture and the patches that the vision encoder cuts its centred square into. Patches count from 0, row by row. */
export interface PatchLayout {
  readonly sizePx: Size;
  /** patches a side */
  readonly grid: number;
}

/** The part of the picture that the vision encoder sees: the largest centred square, as the server crops it. */
export function centredSquare(sizePx: Size): Rect {
  return coverCrop(sizePx, { width: 1, height: 1 });
}

/** px of the picture to one patch. */
export function patchSidePx({ sizePx, grid }: PatchLayout): number {
  return centredSquare(sizePx).width / grid;
}

/**
 * A patch in whole px of the picture. Those at the square's border reach to the picture's edge, so that what is hidden there
 * is hidden in every crop that the engine makes.
 */
export function patchRect(layout: PatchLayout, patch: number): Rect {
  const { sizePx, grid } = layout;
  const square = centredSquare(sizePx);
  const column = span(patch % grid, grid, square.x, square.width, sizePx.width);
  const row = span(Math.floor(patch / grid), grid, square.y, square.height, sizePx.height);
  return { x: column.from, y: row.from, width: column.to - column.from, height: row.to - row.from };
}

/** The patch under a point; beyond the square, or the picture, the nearest one. */
export function patchAt({ sizePx, grid }: PatchLayout, point: Point): number {
  const square = centredSquare(sizePx);
  const cell = (at: number, from: number) =>
    Math.min(Math.max(Math.floor(((at - from) / square.width) * grid), 0), grid - 1);
  return cell(point.y, square.y) * grid + cell(point.x, square.x);
}

/** One patch's extent along one axis. */
function span(
  index: number,
  grid: number,
  fromPx: number,
  lengthPx: number,
  pictureSidePx: number,
): { readonly from: number; readonly to: number } {
  return {
    from: index === 0 ? 0 : fromPx + Math.round((index / grid) * lengthPx),
    to: index === grid - 1 ? pictureSidePx : fromPx + Math.round(((index + 1) / grid) * lengthPx),
  };
}
