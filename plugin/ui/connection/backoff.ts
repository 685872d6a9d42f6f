export const firstDelayMs = 500;
export const longestDelayMs = 15_000;

/**
 * How long to wait before the next try: doubling up to a cap, and between half and all of that, so that the panels of one
 * server do not all come back at once. `failures` counts from 1; `chance` is in 0 … 1.
 */
export function backoffMs(failures: number, chance: number): number {
  const fullMs = Math.min(firstDelayMs * 2 ** (failures - 1), longestDelayMs);
  return Math.round((fullMs / 2) * (1 + chance));
}
