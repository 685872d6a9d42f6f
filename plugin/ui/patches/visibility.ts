/** `hidden` by hand; `dropped` by the mask layer or the reference's own transparency, which no click can show. */
export type PatchState = "visible" | "hidden" | "dropped";

/**
 * What the model sees of each patch, by the engine's rule: a patch is hidden where more than `threshold` of it is dropped.
 * @param hidden by hand, wholly
 * @param droppedParts of each patch, 0 … 1; null: nothing is dropped
 */
export function patchStates(
  grid: number,
  hidden: readonly number[],
  droppedParts: readonly number[] | null,
  threshold: number,
): readonly PatchState[] {
  const byHand = new Set(hidden);
  return Array.from({ length: grid * grid }, (_, patch) => {
    if ((droppedParts?.[patch] ?? 0) > threshold) return "dropped";
    return byHand.has(patch) && 1 > threshold ? "hidden" : "visible";
  });
}

/** For when no patch is visible, which is allowed but seldom meant. */
export const hiddenReferenceText =
  "All of the reference is hidden, so the prompt alone guides the picture. Show some patches to use the reference.";

export function countOf(states: readonly PatchState[], wanted: PatchState): number {
  return states.filter((state) => state === wanted).length;
}

/** The patches hidden by hand after some more were hidden, or shown again; in ascending order. */
export function withPatches(
  hidden: readonly number[],
  patches: readonly number[],
  isHidden: boolean,
): readonly number[] {
  const all = new Set(hidden);
  for (const patch of patches) {
    if (isHidden) all.add(patch);
    else all.delete(patch);
  }
  return [...all].sort((a, b) => a - b);
}

/** Hides what is visible and shows what was hidden by hand; what the mask drops stays dropped. */
export function inverted(states: readonly PatchState[]): readonly number[] {
  return states.flatMap((state, patch) => (state === "visible" ? [patch] : []));
}
