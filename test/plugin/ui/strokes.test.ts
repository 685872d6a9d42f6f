import { describe, expect, test } from "vitest";
import { type Past, remember } from "../../../plugin/ui/mask/past.ts";
import { type MaskBrush, paintStroke, takesAnything, wholeMask } from "../../../plugin/ui/mask/strokes.ts";
import type { PaintedMask } from "../../../plugin/ui/state/pictures.ts";

// Painting the product's mask by hand.

const erase: MaskBrush = { radiusPx: 3, value: 0 };
const whole = wholeMask({ width: 40, height: 20 });

const at = ({ data, sizePx }: PaintedMask, x: number, y: number) => data[y * sizePx.width + x];

describe("a mask nobody painted", () => {
  test("takes nothing from the product", () => {
    expect(whole.sizePx).toEqual({ width: 40, height: 20 });
    expect(takesAnything(whole)).toBe(false);
  });

  test("has the picture's proportions, and no more pixels than it needs", () => {
    expect(wholeMask({ width: 4096, height: 1024 }).sizePx).toEqual({ width: 1024, height: 256 });
    expect(wholeMask({ width: 4096, height: 1 }).sizePx).toEqual({ width: 1024, height: 1 });
  });
});

describe("a stroke", () => {
  test("takes away what lies under the brush, and nothing beyond its edge", () => {
    const mask = paintStroke(whole, erase, { x: 10, y: 10 }, { x: 30, y: 10 });
    expect([at(mask, 10, 9), at(mask, 20, 8), at(mask, 29, 11)]).toEqual([0, 0, 0]);
    expect([at(mask, 20, 5), at(mask, 20, 14), at(mask, 5, 10), at(mask, 34, 10)]).toEqual([255, 255, 255, 255]);
  });

  test("removes the area of its shape, with a soft edge", () => {
    const mask = paintStroke(whole, erase, { x: 10, y: 10 }, { x: 30, y: 10 });
    const removed = mask.data.reduce((sum, value) => sum + (255 - value) / 255, 0);
    expect(removed).toBeCloseTo(20 * 6 + Math.PI * 9, 0);
    expect(mask.data.some((value) => value > 0 && value < 255)).toBe(true);
  });

  test("leaves the mask that it began on as it was, so that it can be undone", () => {
    const before = whole.data.slice();
    paintStroke(whole, erase, { x: 20, y: 10 }, { x: 20, y: 10 });
    expect(whole.data).toEqual(before);
  });

  test("over an edge does not bring back what an earlier one took", () => {
    const once = paintStroke(whole, erase, { x: 20, y: 10 }, { x: 20, y: 10 });
    const twice = paintStroke(once, erase, { x: 24, y: 10 }, { x: 24, y: 10 });
    expect(twice.data.every((value, i) => value <= (once.data[i] ?? 0))).toBe(true);
  });

  test("of the other kind adds back", () => {
    const erased = paintStroke(whole, erase, { x: 20, y: 10 }, { x: 20, y: 10 });
    const added = paintStroke(erased, { radiusPx: 5, value: 255 }, { x: 20, y: 10 }, { x: 20, y: 10 });
    expect(takesAnything(added)).toBe(false);
  });

  test("beyond the picture paints only what is inside", () => {
    const mask = paintStroke(whole, erase, { x: -100, y: -1 }, { x: 100, y: -1 });
    expect(mask.data).toHaveLength(800);
    expect([at(mask, 0, 0), at(mask, 39, 1), at(mask, 20, 5)]).toEqual([0, 0, 255]);
    expect(at(mask, 39, 19)).toBe(255);
  });
});

test("the past keeps a limited number of steps, the oldest are forgotten", () => {
  let past: Past<number> = [];
  for (let step = 0; step < 100; step++) past = remember(past, step);
  expect(past.slice(-2)).toEqual([98, 99]);
  expect(past.length).toBeLessThan(100);
});
