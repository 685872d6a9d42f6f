import { describe, expect, it } from "vitest";
import type { RgbaImage } from "../../server/image/rgba.ts";
import { contactShadow, withShadow } from "../../server/pipeline/contactShadow.ts";
import type { Plane } from "../../server/pipeline/plane.ts";

// Protects: a standing product darkens the ground at its foot and nowhere else.

const size = { width: 100, height: 100 };
const ground: RgbaImage = { ...size, data: new Uint8Array(4 * 100 * 100).fill(200) };

/** 1 where `isProduct` */
function plane(isProduct: (x: number, y: number) => boolean): Plane {
  return {
    ...size,
    data: Float32Array.from({ length: 10_000 }, (_, i) => Number(isProduct(i % 100, Math.floor(i / 100)))),
  };
}

/** The ground with the product's shadow. */
const shadowed = (product: Plane) => withShadow(ground, contactShadow(product));

/** 0 … 1 of the ground's own light at a pixel */
function light(image: RgbaImage, x: number, y: number): number {
  return (image.data[(y * 100 + x) * 4] ?? 0) / 200;
}

describe("contact shadow", () => {
  const bottle = shadowed(plane((x, y) => x >= 40 && x < 60 && y >= 20 && y < 70));

  it("is darkest where the product stands, and fades beneath and beside it", () => {
    const below = [70, 71, 72, 74, 78].map((y) => light(bottle, 50, y));
    expect(below.toSorted((a, b) => a - b)).toEqual(below);
    expect(below[0]).toBeLessThan(0.6);
    // 10.5 px beside the middle of an ellipse of 12 × 3 px and 0.5 px beneath it: 1 − 0.75·exp(−½((0.891 − 0.5)/0.25)²)
    expect([light(bottle, 60, 69), light(bottle, 39, 69)]).toEqual([0.78, 0.78]);
    // 16.5 px beside it the penumbra: 1 − 0.75·0.4·exp(−½·1.385²)
    expect([light(bottle, 66, 69), light(bottle, 33, 69)]).toEqual([0.885, 0.885]);
  });

  it("leaves the rest of the ground as it was, and the alpha", () => {
    for (const [x, y] of [
      [50, 90],
      [5, 69],
      [95, 69],
      [30, 40],
      [50, 10],
    ] as const)
      expect(light(bottle, x, y)).toBe(1);
    expect(bottle.data.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 200)).toBe(true);
  });

  it("lies under the part that touches the ground, not under what hangs above it", () => {
    const foot = (x: number, y: number) => x >= 20 && x < 40 && y >= 30 && y < 80;
    const arm = (x: number, y: number) => x >= 40 && x < 90 && y >= 30 && y < 50;
    const crane = shadowed(plane((x, y) => foot(x, y) || arm(x, y)));
    expect(light(crane, 30, 80)).toBeLessThan(0.6);
    expect([light(crane, 80, 52), light(crane, 80, 80)]).toEqual([1, 1]);
  });

  it("of nothing is nothing", () => {
    expect(shadowed(plane(() => false))).toEqual(ground);
  });
});
