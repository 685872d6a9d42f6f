import { type PatchLayout, type Point, patchAt, patchSidePx } from "./geometry.ts";

/** Patches a side of the brush. */
export const brushSizes = [1, 3, 5] as const;
export type BrushSize = (typeof brushSizes)[number];

/** The patches that the brush covers while its centre is on `patch`, in ascending order. */
export function patchesUnder(grid: number, patch: number, brush: BrushSize): readonly number[] {
  const reach = (brush - 1) / 2;
  const [row, column] = [Math.floor(patch / grid), patch % grid];
  const patches: number[] = [];
  for (let y = Math.max(row - reach, 0); y <= Math.min(row + reach, grid - 1); y++) {
    for (let x = Math.max(column - reach, 0); x <= Math.min(column + reach, grid - 1); x++) patches.push(y * grid + x);
  }
  return patches;
}

/** The patches that the brush covers on its way between two points, in ascending order: however fast it moves, none is skipped. */
export function patchesBetween(layout: PatchLayout, from: Point, to: Point, brush: BrushSize): readonly number[] {
  const distancePx = Math.hypot(to.x - from.x, to.y - from.y);
  const steps = Math.max(1, Math.ceil(distancePx / (patchSidePx(layout) / stepsInPatch)));
  const covered = new Set<number>();
  for (let step = 0; step <= steps; step++) {
    const along = step / steps;
    const point = { x: from.x + (to.x - from.x) * along, y: from.y + (to.y - from.y) * along };
    for (const patch of patchesUnder(layout.grid, patchAt(layout, point), brush)) covered.add(patch);
  }
  return [...covered].sort((a, b) => a - b);
}

/** How finely the way is followed: corners that are cut by less than this part of a patch may be left out. */
const stepsInPatch = 8;
