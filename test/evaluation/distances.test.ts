import { readFileSync } from "node:fs";
import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { frechetDistance } from "../../server/evaluation/frechetDistance.ts";
import { fitGaussian, squareRoot } from "../../server/evaluation/gaussian.ts";
import { inceptionScore } from "../../server/evaluation/inceptionScore.ts";
import { kernelDistance, type Sample } from "../../server/evaluation/kernelDistance.ts";

// Protects the published distances against our own reading of them: SciPy and NumPy in float64 say the same
// (test/fixtures/evaluation/make.py).

interface Case {
  readonly x: readonly number[][];
  readonly y: readonly number[][];
  readonly posteriors: readonly number[][];
  readonly fid: number;
  readonly kid: number;
  readonly inceptionScore: number;
}
const fixture = new URL("../fixtures/evaluation/distances.json", import.meta.url);
const { cases }: { readonly cases: readonly Case[] } = JSON.parse(readFileSync(fixture, "utf8"));

describe.each(cases)("case %#", ({ x, y, posteriors, fid, kid, inceptionScore: score }) => {
  it("FID", () => expect(frechetDistance(fitGaussian(x), fitGaussian(y))).toBeCloseTo(fid, 8));
  it("FID does not care which comes first", () =>
    expect(frechetDistance(fitGaussian(y), fitGaussian(x))).toBeCloseTo(fid, 8));
  it("KID", () => expect(kernelDistance(independent("x", x), independent("y", y))).toBeCloseTo(kid, 10));
  it("IS", () => expect(inceptionScore(posteriors)).toBeCloseTo(score, 10));
});

/** Each vector a scene of its own. */
function independent(set: string, vectors: readonly number[][]): readonly Sample[] {
  return vectors.map((features, i) => ({ features, scene: `${set}${i}` }));
}

it("KID of a set with itself, paired by scene, is 0 and not below: a picture's own render does not count", () => {
  const set = independent("x", cases[0]?.x ?? []);
  expect(kernelDistance(set, set)).toBeCloseTo(0, 12);
});

it("FID of a set with itself is 0, also with fewer vectors than dimensions", () => {
  const few = [
    [1, 2, 3, 4],
    [2, 1, 0, 5],
    [0, 3, 1, 1],
  ];
  expect(frechetDistance(fitGaussian(few), fitGaussian(few))).toBeCloseTo(0, 6);
});

it("the square root of a singular matrix, squared, is the matrix", () => {
  const singular = new Matrix([
    [1, 2, 3],
    [2, 4, 6],
    [3, 6, 9],
  ]);
  const root = squareRoot(singular);
  expect(Matrix.sub(root.mmul(root), singular).norm()).toBeLessThan(1e-9);
});

it("IS is 1 where every picture says the same, and the number of classes where they share evenly and are sure", () => {
  expect(
    inceptionScore([
      [0.2, 0.8],
      [0.2, 0.8],
    ]),
  ).toBeCloseTo(1, 12);
  expect(
    inceptionScore([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]),
  ).toBeCloseTo(3, 12);
});
