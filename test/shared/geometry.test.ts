import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  containIn,
  coverCrop,
  defaultPlacement,
  frameFor,
  grownBounds,
  paintedCanvas,
  sameAspect,
  workSize,
} from "../../shared/geometry.ts";

const side = fc.integer({ min: 1, max: 4096 });
const size = fc.record({ width: side, height: side });

test("a cover crop lies inside, touches two opposite edges, and is centred", () => {
  fc.assert(
    fc.property(size, size, (source, target) => {
      const crop = coverCrop(source, target);
      expect(crop.x >= 0 && crop.y >= 0).toBe(true);
      expect(crop.x + crop.width <= source.width && crop.y + crop.height <= source.height).toBe(true);
      expect(crop.width === source.width || crop.height === source.height).toBe(true);
      expect(Math.abs(2 * crop.x + crop.width - source.width)).toBeLessThanOrEqual(1);
    }),
  );
  expect(coverCrop({ width: 300, height: 200 }, { width: 10, height: 10 })).toEqual({
    x: 50,
    y: 0,
    width: 200,
    height: 200,
  });
});

test("containing keeps the aspect ratio within a pixel and touches two opposite edges", () => {
  fc.assert(
    fc.property(size, size, (inner, outer) => {
      const box = { x: -7, y: 9, ...outer };
      const fitted = containIn(inner, box);
      expect(fitted.width === outer.width || fitted.height === outer.height).toBe(true);
      expect(fitted.width <= outer.width && fitted.height <= outer.height).toBe(true);
      const scale = Math.min(outer.width / inner.width, outer.height / inner.height);
      expect(Math.abs(fitted.width - inner.width * scale)).toBeLessThanOrEqual(1);
      expect(Math.abs(fitted.height - inner.height * scale)).toBeLessThanOrEqual(1);
    }),
  );
});

test("a product keeps its size by default where the frame has room", () => {
  expect(defaultPlacement({ width: 100, height: 50 }, { width: 100, height: 50 })).toEqual({
    x: 0,
    y: 0,
    width: 100,
    height: 50,
  });
  expect(defaultPlacement({ width: 100, height: 50 }, { width: 200, height: 80 })).toEqual({
    x: 50,
    y: 15,
    width: 100,
    height: 50,
  });
  expect(defaultPlacement({ width: 100, height: 50 }, { width: 50, height: 50 })).toEqual({
    x: 0,
    y: 12,
    width: 50,
    height: 25,
  });
});

test("painted sizes are multiples, near the model's area, and near the frame's shape up to 4 to 1", () => {
  fc.assert(
    fc.property(size, fc.constantFrom([65536, 32] as const, [1048576, 64] as const), (frame, [area, multiple]) => {
      const work = workSize(frame, area, multiple);
      expect(work.width % multiple === 0 && work.height % multiple === 0).toBe(true);
      expect(Math.abs(Math.log((work.width * work.height) / area))).toBeLessThan(0.35);
      const aspect = Math.min(Math.max(frame.width / frame.height, 0.25), 4);
      expect(Math.abs(Math.log(work.width / work.height / aspect))).toBeLessThan(0.2);
    }),
  );
  const shape = (width: number, height: number) => Object.values(workSize({ width, height }, 65536, 32));
  expect(shape(1000, 1000)).toEqual([256, 256]);
  expect(shape(1080, 1350)).toEqual([224, 288]);
  expect(shape(1920, 1080)).toEqual([352, 192]);
  expect(shape(1, 4096)).toEqual([128, 512]);
});

test("the painted canvas covers the frame with the painted picture's shape", () => {
  fc.assert(
    fc.property(size, (frame) => {
      const work = workSize(frame, 65536, 32);
      const canvas = paintedCanvas(frame, work);
      expect(canvas.width >= frame.width && canvas.height >= frame.height).toBe(true);
      expect(canvas.width === frame.width || canvas.height === frame.height).toBe(true);
      expect(Math.abs(canvas.width * work.height - canvas.height * work.width)).toBeLessThanOrEqual(
        Math.max(work.width, work.height),
      );
    }),
  );
});

test("aspect ratios are the same within one percent or one pixel", () => {
  expect(sameAspect({ width: 1000, height: 500 }, { width: 200, height: 100 })).toBe(true);
  expect(sameAspect({ width: 1000, height: 504 }, { width: 200, height: 100 })).toBe(true);
  expect(sameAspect({ width: 1000, height: 520 }, { width: 200, height: 100 })).toBe(false);
  expect(sameAspect({ width: 500, height: 1000 }, { width: 200, height: 100 })).toBe(false);
  expect(sameAspect({ width: 3, height: 2 }, { width: 300, height: 198 })).toBe(true);
});

describe("the frame", () => {
  const product = { width: 200, height: 300 };

  it.each([
    ["the wished scale where it fits", { width: 800, height: 600 }, 2, { width: 1600, height: 1200 }, 2],
    [
      "less where a side would be longer than 4096",
      { width: 4000, height: 1000 },
      2,
      { width: 4096, height: 1024 },
      1.024,
    ],
    ["more where a side would be shorter than 64", { width: 640, height: 320 }, 0.1, { width: 128, height: 64 }, 0.2],
    ["whole pixels of a fractional area", { width: 333.4, height: 200.6 }, 1, { width: 333, height: 201 }, 1],
  ])("has %s", (_what, area, wished, frame, scale) => {
    expect(frameFor(area, product, wished)).toEqual({ frame, scale });
  });

  it("has a scale at which the product's picture is allowed too", () => {
    expect(frameFor({ width: 100, height: 100 }, { width: 8188, height: 10 }, 2)).toBeNull();
    expect(frameFor({ width: 1000, height: 1000 }, { width: 8188, height: 10 }, 2)?.scale).toBe(0.5);
  });

  it("does not exist for an area that is far too narrow", () => {
    expect(frameFor({ width: 6500, height: 100 }, product, 1)).toBeNull();
  });

  it("always lies within the limits", () => {
    const side = fc.double({ min: 1, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(side, side, fc.double({ min: 0.01, max: 8, noNaN: true }), (width, height, wished) => {
        const fitting = frameFor({ width, height }, product, wished);
        for (const sidePx of fitting === null ? [] : [fitting.frame.width, fitting.frame.height]) {
          expect(Number.isInteger(sidePx) && sidePx >= 64 && sidePx <= 4096).toBe(true);
        }
      }),
    );
  });
});

it("gives a product without a frame half a side of room on each side", () => {
  expect(grownBounds({ x: 10, y: 20, width: 100, height: 50 })).toEqual({ x: -40, y: -5, width: 200, height: 100 });
});
