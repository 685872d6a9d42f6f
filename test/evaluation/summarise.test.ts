import { expect, it } from "vitest";
import type { Figures } from "../../server/evaluation/measure.ts";
import { leakRatio, pairedDifference, type SceneFigures } from "../../server/evaluation/summarise.ts";

// Protects the comparisons of rows: paired by scene, seeds averaged first, and no ratio to a row that leaks nothing.

function scenes(leaks: readonly (readonly number[])[]): readonly SceneFigures[] {
  return leaks.map((ofSeeds, i) => ({
    sceneId: String(i),
    pictures: ofSeeds.map(figures),
    render: figures(0),
  }));
}

function figures(leak: number): Figures {
  return {
    features: new Float64Array(2),
    posteriors: undefined,
    recognised: undefined,
    changedPixels: 0,
    leak,
    causedLeak: undefined,
    boundary: undefined,
    expansion: 0,
    roughness: 0,
  };
}

it("the difference of two rows is the mean of their scenes' differences", () => {
  const row = scenes([[1, 3], [5], [9]]);
  const other = scenes([[1], [4], [8]])
    .toReversed()
    .map((scene) => scene);
  const { value, count } = pairedDifference(row, other, ({ leak }) => leak);
  expect(count).toBe(3);
  expect(value).toBeCloseTo(1, 12);
});

it("the ratio of leaks is that of their means, and undefined where the other row leaks nothing for certain", () => {
  const without = scenes([[2], [4], [3], [3]]);
  expect(leakRatio(scenes([[1], [2], [1.5], [1.5]]), without)?.value).toBeCloseTo(0.5, 12);
  expect(leakRatio(without, scenes([[-1], [1], [-2], [2]]))).toBeUndefined();
});
