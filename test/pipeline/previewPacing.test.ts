import { expect, it } from "vitest";
import { createPreviewPacing } from "../../server/pipeline/previewPacing.ts";

/** Plays steps of `stepMs`, previews of `previewMs` where they are due; gives the steps that had one and the previews' share of the time. */
async function play(share: number, steps: number, stepMs: number, previewMs: number) {
  let timeMs = 1000;
  const pacing = createPreviewPacing(share, () => timeMs);
  const shown: number[] = [];
  for (let step = 1; step <= steps; step++) {
    timeMs += stepMs;
    if (!pacing.isDue()) continue;
    shown.push(step);
    await pacing.render(async () => {
      timeMs += previewMs;
    });
  }
  return { shown, share: (shown.length * previewMs) / (timeMs - 1000) };
}

it("shows the first step, and leaves out as many as the share asks for", async () => {
  const fast = await play(0.05, 300, 60, 6);
  expect(fast.shown.slice(0, 3)).toEqual([1, 3, 5]);
  expect(fast.share).toBeLessThanOrEqual(0.05);
});

it("shows every step where steps are slow, and where previews may take all the time", async () => {
  expect((await play(0.05, 10, 400, 6)).shown).toHaveLength(10);
  expect((await play(1, 10, 1, 50)).shown).toHaveLength(10);
});
