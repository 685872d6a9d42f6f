import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brushSizes, patchesBetween, patchesUnder } from "../../../plugin/ui/patches/brush.ts";
import { centredSquare, type PatchLayout, patchAt, patchRect } from "../../../plugin/ui/patches/geometry.ts";
import { countOf, inverted, patchStates, withPatches } from "../../../plugin/ui/patches/visibility.ts";
import { patchVisibility } from "../../../server/pipeline/patchVisibility.ts";

// Which patch is where, what a brush covers, and what the model sees of it.

const wide: PatchLayout = { sizePx: { width: 100, height: 40 }, grid: 4 };
const tall: PatchLayout = { sizePx: { width: 40, height: 100 }, grid: 4 };

const layouts = fc.record({
  sizePx: fc.record({ width: fc.integer({ min: 64, max: 400 }), height: fc.integer({ min: 64, max: 400 }) }),
  grid: fc.integer({ min: 2, max: 16 }),
});

describe("geometry", () => {
  test("patches at the square's border reach to the picture's edge, the others keep to the square", () => {
    expect(centredSquare(wide.sizePx)).toEqual({ x: 30, y: 0, width: 40, height: 40 });
    expect(patchRect(wide, 0)).toEqual({ x: 0, y: 0, width: 40, height: 10 });
    expect(patchRect(wide, 5)).toEqual({ x: 40, y: 10, width: 10, height: 10 });
    expect(patchRect(wide, 15)).toEqual({ x: 60, y: 30, width: 40, height: 10 });
    expect(patchRect(tall, 1)).toEqual({ x: 10, y: 0, width: 10, height: 40 });
    expect(patchRect(tall, 14)).toEqual({ x: 20, y: 60, width: 10, height: 40 });
  });

  test("every pixel of the picture belongs to exactly one patch", () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        const { width, height } = layout.sizePx;
        const covers = new Uint8Array(width * height);
        for (let patch = 0; patch < layout.grid ** 2; patch++) {
          const rect = patchRect(layout, patch);
          for (let y = rect.y; y < rect.y + rect.height; y++) {
            for (let x = rect.x; x < rect.x + rect.width; x++) covers[y * width + x] = (covers[y * width + x] ?? 0) + 1;
          }
        }
        expect(covers.every((count) => count === 1)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("a patch is hit at its own centre, and beyond the square by whatever is nearest", () => {
    fc.assert(
      fc.property(layouts, fc.nat(), (layout, any) => {
        const patch = any % layout.grid ** 2;
        const square = centredSquare(layout.sizePx);
        const side = square.width / layout.grid;
        const centre = {
          x: square.x + ((patch % layout.grid) + 0.5) * side,
          y: square.y + (Math.floor(patch / layout.grid) + 0.5) * side,
        };
        expect(patchAt(layout, centre)).toBe(patch);
      }),
    );
    expect(patchAt(wide, { x: 0, y: 15 })).toBe(4);
    expect(patchAt(wide, { x: 99, y: 15 })).toBe(7);
    expect(patchAt(wide, { x: -50, y: 400 })).toBe(12);
  });
});

describe("brush", () => {
  test("covers a block of patches, cut off at the border of the grid", () => {
    expect(patchesUnder(4, 5, 1)).toEqual([5]);
    expect(patchesUnder(4, 5, 3)).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
    expect(patchesUnder(4, 0, 3)).toEqual([0, 1, 4, 5]);
    expect(patchesUnder(4, 15, 5)).toEqual([5, 6, 7, 9, 10, 11, 13, 14, 15]);
  });

  test("skips nothing between two points, however far apart", () => {
    const row = patchesBetween(wide, { x: 32, y: 15 }, { x: 69, y: 15 }, 1);
    expect(row).toEqual([4, 5, 6, 7]);
    const diagonal = patchesBetween(wide, { x: 31, y: 1 }, { x: 69, y: 39 }, 1);
    expect(diagonal).toEqual([0, 5, 10, 15]);
    expect(patchesBetween(wide, { x: 45, y: 15 }, { x: 45, y: 15 }, 1)).toEqual([5]);
  });

  test("steps from one patch to a neighbour only", () => {
    const points = fc.record({ x: fc.integer({ min: 0, max: 320 }), y: fc.integer({ min: 0, max: 320 }) });
    const layout: PatchLayout = { sizePx: { width: 320, height: 320 }, grid: 16 };
    fc.assert(
      fc.property(points, points, fc.constantFrom(...brushSizes), (from, to, brush) => {
        const covered = patchesBetween(layout, from, to, brush);
        const isNear = (a: number, b: number) =>
          Math.max(Math.abs((a % 16) - (b % 16)), Math.abs(Math.floor(a / 16) - Math.floor(b / 16))) === 1;
        if (covered.length > 1) for (const a of covered) expect(covered.some((b) => isNear(a, b))).toBe(true);
      }),
    );
  });
});

describe("visibility", () => {
  test("a patch is dropped where more than the threshold of it is, exactly as the engine decides", () => {
    const patchPx = 10;
    const droppedPixels = [0, 9, 10, 11, 50, 100, 1, 99, 20];
    const side = 3 * patchPx;
    const data = new Uint8Array(side * side).fill(255);
    droppedPixels.forEach((count, patch) => {
      for (let i = 0; i < count; i++) {
        const [x, y] = [
          (patch % 3) * patchPx + (i % patchPx),
          Math.floor(patch / 3) * patchPx + Math.floor(i / patchPx),
        ];
        data[y * side + x] = 0;
      }
    });
    const parts = droppedPixels.map((count) => count / patchPx ** 2);
    for (const threshold of [0, 0.1, 0.2, 0.5, 0.99, 1]) {
      const engine = patchVisibility({ width: side, height: side, data }, patchPx, threshold);
      const panel = patchStates(3, [], parts, threshold).map((state) => (state === "visible" ? 1 : 0));
      expect(panel).toEqual([...engine]);
    }
  });

  test("what is hidden by hand counts as dropped whole, and what the mask drops is told apart", () => {
    const parts = [0.5, 0, 0, 0];
    expect(patchStates(2, [0, 1], parts, 0.1)).toEqual(["dropped", "hidden", "visible", "visible"]);
    expect(patchStates(2, [0, 1], parts, 0.6)).toEqual(["hidden", "hidden", "visible", "visible"]);
    expect(patchStates(2, [0, 1], null, 1)).toEqual(["visible", "visible", "visible", "visible"]);
  });

  test("hiding twice is hiding once, and showing takes it back", () => {
    expect(withPatches([7, 2], [2, 5], true)).toEqual([2, 5, 7]);
    expect(withPatches([2, 5, 7], [5, 6], false)).toEqual([2, 7]);
  });

  test("inverting twice gives back what was, beside what the mask drops", () => {
    const parts = [0.5, 0, 0, 0];
    const once = inverted(patchStates(2, [1], parts, 0.1));
    expect(once).toEqual([2, 3]);
    expect(inverted(patchStates(2, once, parts, 0.1))).toEqual([1]);
    expect(countOf(patchStates(2, once, parts, 0.1), "visible")).toBe(1);
  });
});
