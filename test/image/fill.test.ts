import { expect, test } from "vitest";
import { fillDropped } from "../../server/image/fill.ts";
import type { GreyImage, RgbaImage } from "../../server/image/rgba.ts";

// Protects what stands in for the hidden part of a reference: made of its surroundings only, smooth, and complete.

const side = 32;
const hole = (x: number, y: number) => x >= 8 && x < 20 && y >= 10 && y < 30;

function picture(colour: (x: number, y: number) => number): RgbaImage {
  const data = new Uint8Array(side * side * 4).fill(255);
  for (let i = 0; i < side * side; i++) data.fill(colour(i % side, Math.floor(i / side)), i * 4, i * 4 + 3);
  return { width: side, height: side, data };
}

const mask: GreyImage = {
  width: side,
  height: side,
  data: Uint8Array.from({ length: side * side }, (_, i) => (hole(i % side, Math.floor(i / side)) ? 0 : 255)),
};

test("what is kept stays, what is dropped has no influence", () => {
  const gradient = (x: number, y: number) => 4 * x + 2 * y;
  const a = fillDropped(picture(gradient), mask);
  const b = fillDropped(
    picture((x, y) => (hole(x, y) ? 255 - gradient(x, y) : gradient(x, y))),
    mask,
  );
  expect(b.data).toEqual(a.data);
  for (let i = 0; i < side * side; i++) {
    if (mask.data[i] !== 0) expect(a.data[i * 4]).toBe(gradient(i % side, Math.floor(i / side)));
  }
});

test("a hole in a flat colour vanishes, a hole in a slope is bridged", () => {
  const flat = fillDropped(
    picture((x, y) => (hole(x, y) ? 0 : 90)),
    mask,
  );
  expect(new Set(flat.data.filter((_, i) => i % 4 === 0))).toEqual(new Set([90]));
  const sloped = fillDropped(
    picture((x, y) => (hole(x, y) ? 0 : 6 * x)),
    mask,
  );
  for (let y = 10; y < 30; y++) {
    for (let x = 8; x < 20; x++) {
      expect(Math.abs((sloped.data[(y * side + x) * 4] ?? 0) - 6 * x), `${x},${y}`).toBeLessThan(48);
    }
  }
});

test("without anything kept it is mid grey; without a hole it is the picture itself", () => {
  const nothing = { ...mask, data: new Uint8Array(side * side) };
  expect(
    fillDropped(
      picture(() => 9),
      nothing,
    ).data.subarray(0, 4),
  ).toEqual(Uint8Array.of(128, 128, 128, 255));
  const all = { ...mask, data: new Uint8Array(side * side).fill(255) };
  const untouched = picture((x) => x);
  expect(fillDropped(untouched, all)).toBe(untouched);
});
