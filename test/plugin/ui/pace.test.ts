import { describe, expect, it } from "vitest";
import { nextProgress, partDone, timeLeftMs } from "../../../plugin/ui/state/pace.ts";
import type { RunProgress } from "../../../plugin/ui/state/run.ts";

// Protects the time that is said to be left: measured, not guessed, and not fooled by what is only told again.

type Told = readonly [variant: number, step: number, atMs: number];

function progressAfter(...told: readonly Told[]): RunProgress {
  let progress: RunProgress | null = null;
  for (const [variant, step, atMs] of told) {
    progress = nextProgress(progress, { type: "progress", variant, step, steps: 10 }, atMs);
  }
  if (progress === null) throw new Error("nothing was told");
  return progress;
}

describe("the time left", () => {
  it("is not said before two steps were measured", () => {
    expect(timeLeftMs(progressAfter([1, 1, 0], [1, 2, 100]), 1, 100)).toBeNull();
  });

  it("is what the other steps take at the pace so far, and runs down", () => {
    const progress = progressAfter([1, 1, 0], [1, 2, 100], [1, 3, 300]);
    expect(timeLeftMs(progress, 1, 300)).toBe(7 * 150);
    expect(timeLeftMs(progress, 1, 350)).toBe(7 * 150 - 50);
    expect(timeLeftMs(progress, 1, 9999)).toBe(0);
  });

  it("counts all variants", () => {
    const progress = progressAfter([1, 9, 0], [1, 10, 100], [2, 1, 200]);
    expect(timeLeftMs(progress, 3, 200)).toBe(19 * 100);
    expect(partDone(progress, 3)).toBe(11 / 30);
  });

  it("is measured anew after steps that came at once", () => {
    const progress = progressAfter([1, 1, 0], [1, 2, 5000], [1, 3, 5001], [1, 4, 5002], [1, 5, 5100], [1, 6, 5202]);
    expect(timeLeftMs(progress, 1, 5202)).toBe(4 * 100);
  });
});
