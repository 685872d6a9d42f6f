import fc from "fast-check";
import { expect, test } from "vitest";
import { patchVisibility } from "../../server/pipeline/patchVisibility.ts";

/** D of 32 × 16 in two patches of 16: `dropped` pixels of the first are 0. */
function twoPatches(dropped: number) {
  const data = new Uint8Array(32 * 16).fill(255);
  for (let i = 0; i < dropped; i++) data[Math.floor(i / 16) * 32 + (i % 16)] = 0;
  return { width: 32, height: 16, data };
}

test("a patch is dropped from the first pixel beyond τ·P² on (R1), else it is visible whole (R2)", () => {
  // τ·P² = 25.6
  expect(Array.from(patchVisibility(twoPatches(0), 16, 0.1))).toEqual([1, 1]);
  expect(Array.from(patchVisibility(twoPatches(25), 16, 0.1))).toEqual([1, 1]);
  expect(Array.from(patchVisibility(twoPatches(26), 16, 0.1))).toEqual([0, 1]);
  expect(Array.from(patchVisibility(twoPatches(1), 16, 0))).toEqual([0, 1]);
  expect(Array.from(patchVisibility(twoPatches(256), 16, 1))).toEqual([1, 1]);
});

test("patches are in row order", () => {
  const data = new Uint8Array(28 * 42).fill(255);
  for (let y = 14; y < 28; y++) data.fill(0, y * 28 + 14, y * 28 + 28);
  expect(Array.from(patchVisibility({ width: 28, height: 42, data }, 14, 0.1))).toEqual([1, 1, 1, 0, 1, 1]);
});

test("hiding more never shows more", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1024, maxLength: 1024 }),
      fc.float({ min: 0, max: 1, noNaN: true }),
      (data, t) => {
        const before = patchVisibility({ width: 32, height: 32, data }, 8, t);
        const after = patchVisibility({ width: 32, height: 32, data: data.map((value) => value >> 1) }, 8, t);
        expect(after.every((bit, i) => bit <= (before[i] ?? 0))).toBe(true);
      },
    ),
  );
});

test("a grid that does not fit is a mistake of ours", () => {
  expect(() => patchVisibility({ width: 30, height: 16, data: new Uint8Array(480) }, 16, 0.1)).toThrow("no grid");
});
