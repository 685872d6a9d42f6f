import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInFrame, productPlacement } from "../../../plugin/main/placement.ts";
import { type Affine, identity, inverse, multiply, translation } from "../../../plugin/main/transforms.ts";

// Protects where pictures and layers go: a background that is off by a pixel, or turned, is worthless to a designer.

describe("transforms", () => {
  const affine = fc
    .tuple(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -1e4, max: 1e4, noNaN: true }),
      fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    )
    .map(([degrees, x, y]) => turned(degrees, x, y));

  it("undoes any transform of a layer by its inverse", () => {
    fc.assert(
      fc.property(affine, (transform) => {
        expectClose(multiply(inverse(transform), transform), identity);
        expectClose(multiply(transform, inverse(transform)), identity);
      }),
    );
  });

  it("applies the inner transform first", () => {
    expectClose(multiply(turned(90, 0, 0), translation(10, 0)), turned(90, 0, 10));
    expectClose(multiply(translation(10, 0), turned(90, 0, 0)), turned(90, 10, 0));
  });

  it("keeps fractions of a plain parent exactly", () => {
    expect(multiply(inverse(translation(0.5, 10.25)), translation(100.75, 33.125))).toEqual(
      translation(100.25, 22.875),
    );
  });

  it("refuses a parent that is flattened to a line", () => {
    const flat: Affine = [
      [1, 0, 0],
      [0, 0, 0],
    ];
    expect(() => inverse(flat)).toThrow("flattened");
  });
});

describe("the product's place", () => {
  const area = { x: 100, y: 50, width: 800, height: 600 };

  it("is its box in the area, times the scale", () => {
    const box = { x: 400, y: 250, width: 200, height: 300 };
    expect(productPlacement({ width: 400, height: 600 }, [box], area, 2)).toEqual({
      x: 600,
      y: 400,
      width: 400,
      height: 600,
    });
  });

  it("is exact for exports that were rounded outwards from any fraction", () => {
    const coordinate = fc.double({ min: 0, max: 1000, noNaN: true });
    const length = fc.double({ min: 1, max: 500, noNaN: true });
    fc.assert(
      fc.property(coordinate, coordinate, length, length, (x, y, width, height) => {
        const [left, top] = [Math.floor(x), Math.floor(y)];
        const exported = { width: Math.ceil(x + width) - left, height: Math.ceil(y + height) - top };
        const place = productPlacement(exported, [{ x, y, width, height }], { ...area, x: 0, y: 0 }, 1);
        expect(place).toEqual({ x: left, y: top, ...exported });
      }),
    );
  });

  it("follows the box that was exported, when what is seen of the product was cut off by its frame", () => {
    const seen = { x: 100, y: 250, width: 50, height: 300 };
    const whole = { x: -50, y: 250, width: 200, height: 300 };
    expect(productPlacement({ width: 50, height: 300 }, [seen, whole], area, 1)).toMatchObject({ x: 0, width: 50 });
    expect(productPlacement({ width: 200, height: 300 }, [seen, whole], area, 1)).toMatchObject({
      x: -150,
      width: 200,
    });
  });

  it("has no negative zero, which JSON and comparisons would treat differently", () => {
    const place = productPlacement({ width: 3, height: 3 }, [{ x: 99.9, y: 49.9, width: 3, height: 3 }], area, 1);
    expect(Object.is(place.x, 0) && Object.is(place.y, 0)).toBe(true);
  });

  it("is in the frame when any pixel is", () => {
    const frame = { width: 100, height: 100 };
    expect(isInFrame({ x: -49, y: 0, width: 50, height: 50 }, frame)).toBe(true);
    expect(isInFrame({ x: -50, y: 0, width: 50, height: 50 }, frame)).toBe(false);
    expect(isInFrame({ x: 0, y: 100, width: 50, height: 50 }, frame)).toBe(false);
  });
});

function turned(degrees: number, x: number, y: number): Affine {
  const angle = (degrees * Math.PI) / 180;
  return [
    [Math.cos(angle), -Math.sin(angle), x],
    [Math.sin(angle), Math.cos(angle), y],
  ];
}

function expectClose(got: Affine, expected: Affine): void {
  got.flat().forEach((value, i) => {
    expect(value).toBeCloseTo(expected.flat()[i] ?? Number.NaN, 8);
  });
}
