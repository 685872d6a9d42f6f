import { expect, test } from "vitest";
import { isObject, isOpen, isSurroundings, randomWalk } from "../../server/assist/randomWalk.ts";

// The conjugate gradients against the same equations written out whole and eliminated in float64.

const size = { width: 7, height: 5 };
const count = size.width * size.height;
const noise = (i: number) => ((i * 2654435761) % 1000) / 1000;

function eliminated(lab: Float32Array, prior: Float32Array, fixed: Uint8Array): number[] {
  const neighbours: [number, number, number][] = [];
  for (let i = 0; i < count; i++) {
    for (const j of [i % size.width < size.width - 1 ? i + 1 : -1, i + size.width]) {
      if (j < 0 || j >= count) continue;
      const squared = [0, 1, 2].reduce((sum, c) => sum + ((lab[i * 3 + c] ?? 0) - (lab[j * 3 + c] ?? 0)) ** 2, 0);
      neighbours.push([i, j, squared]);
    }
  }
  const beta = count / neighbours.reduce((sum, [, , squared]) => sum + squared, 0);
  const rows = Array.from({ length: count }, () => new Array<number>(count + 1).fill(0));
  const at = (row: number, column: number, value: number) => {
    const cells = rows[row];
    if (cells) cells[column] = (cells[column] ?? 0) + value;
  };
  for (const [i, j, squared] of neighbours) {
    const weight = 1e-4 + Math.exp(-beta * squared);
    for (const [a, b] of [
      [i, j],
      [j, i],
    ] as const) {
      if (fixed[a] !== isOpen) continue;
      at(a, a, weight);
      at(a, b, -weight);
    }
  }
  for (let i = 0; i < count; i++) {
    at(i, i, fixed[i] === isOpen ? 0.02 : 1);
    at(i, count, fixed[i] === isOpen ? 0.02 * (prior[i] ?? 0) : fixed[i] === isObject ? 1 : 0);
  }
  rows.forEach((pivot, k) => {
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[k] ?? 0) / (pivot[k] ?? 1);
      for (let c = k; c <= count; c++) row[c] = (row[c] ?? 0) - factor * (pivot[c] ?? 0);
    }
  });
  return rows.map((row, i) => (row[count] ?? 0) / (row[i] ?? 1));
}

test("the walk solves its equations", () => {
  const lab = Float32Array.from({ length: count * 3 }, (_, i) => 60 * noise(i));
  const prior = Float32Array.from({ length: count }, (_, i) => noise(i + 500));
  const fixed = new Uint8Array(count);
  fixed[17] = isObject;
  fixed[0] = isSurroundings;
  const walked = randomWalk(lab, size, prior, fixed);
  const wanted = eliminated(lab, prior, fixed);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - (walked[i] ?? 0))));
  expect(worst).toBeLessThan(2e-3);
  expect([walked[17], walked[0]]).toEqual([1, 0]);
  expect(Math.max(...wanted) - Math.min(...wanted.slice(1))).toBeGreaterThan(0.2);
});
