/** Whether all of the `index`-th of so many steps lies between two parts of them, 0 … 1; as diffusers' control_guidance_start and _end. */
export function isWithin(start: number, end: number, index: number, steps: number): boolean {
  return index / steps >= start && (index + 1) / steps <= end;
}
