import fc from "fast-check";
import { expect, test } from "vitest";
import { fromPlanes, toPlanes } from "../../server/image/floats.ts";
import { drawOnCanvas, resample, whole } from "../../server/image/resize.ts";
import { flatten, luminance } from "../../server/image/rgba.ts";
import { disc, gradient, paint } from "./makePictures.ts";

test("an unscaled part is a copy, also under full transparency", async () => {
  const image = paint(20, 10, (x, y) => [x * 9, y * 9, 7, (x * y) % 256]);
  expect(await resample(image, whole(image), { width: 20, height: 10 })).toEqual(image);
  const part = await resample(image, { x: 3, y: 2, width: 4, height: 5 }, { width: 4, height: 5 });
  expect(part).toEqual(drawOnCanvas(image, { x: -3, y: -2 }, { width: 4, height: 5 }));
});

test("shrinking averages, and invisible colours do not bleed", async () => {
  const stripes = paint(64, 64, (x) => (x % 2 === 0 ? [255, 255, 255, 255] : [0, 0, 0, 255]));
  const small = await resample(stripes, whole(stripes), { width: 8, height: 8 });
  expect(small.data[(4 * 8 + 4) * 4]).toBeGreaterThan(120);
  expect(small.data[(4 * 8 + 4) * 4]).toBeLessThan(136);

  const edge = paint(64, 64, (x) => (x < 32 ? [200, 0, 0, 255] : [0, 255, 0, 0]));
  const { data } = await resample(edge, whole(edge), { width: 13, height: 13 });
  for (let i = 0; i < data.length; i += 4) {
    if ((data[i + 3] ?? 0) > 20) expect(data[i + 1]).toBeLessThan(8);
  }
});

test("grey pictures keep one channel", async () => {
  const mask = luminance(paint(16, 16, (x) => [x * 16, x * 16, x * 16, 255]));
  const resized = await resample(mask, whole(mask), { width: 8, height: 8 });
  expect(resized.data).toHaveLength(64);
  expect(resized.data[0]).toBeLessThan(resized.data[7] ?? 0);
});

test("drawing clips to the canvas at any offset", () => {
  fc.assert(
    fc.property(fc.integer({ min: -12, max: 12 }), fc.integer({ min: -12, max: 12 }), (x, y) => {
      const image = gradient(7, 5);
      const canvas = drawOnCanvas(image, { x, y }, { width: 9, height: 6 });
      for (let row = 0; row < 6; row++) {
        for (let column = 0; column < 9; column++) {
          const inside = column >= x && column < x + 7 && row >= y && row < y + 5;
          const expected = inside ? image.data[((row - y) * 7 + column - x) * 4 + 2] : 0;
          expect(canvas.data[(row * 9 + column) * 4 + 2]).toBe(expected);
        }
      }
    }),
  );
});

test("bytes survive the way through floats; floats beyond the range are clipped", () => {
  const image = gradient(16, 16);
  expect(fromPlanes(toPlanes(image), 16, 16)).toEqual(image);
  const [black, white, notANumber] = [-3, 3, Number.NaN].map((value) =>
    fromPlanes(new Float32Array(3).fill(value), 1, 1),
  );
  expect(black?.data).toEqual(Uint8Array.of(0, 0, 0, 255));
  expect(white?.data).toEqual(Uint8Array.of(255, 255, 255, 255));
  expect(notANumber?.data).toEqual(Uint8Array.of(0, 0, 0, 255));
});

test("planes are normalised by mean and standard deviation, channel by channel", () => {
  const image = paint(2, 1, (x) => [x * 255, 51, 102, 255]);
  const planes = toPlanes(image, [0.5, 0.1, 0.2], [0.5, 0.2, 0.1]);
  const expected = [-1, 1, 0.5, 0.5, 2, 2];
  expected.forEach((value, i) => {
    expect(planes[i]).toBeCloseTo(value, 5);
  });
});

test("flattening mixes by alpha", () => {
  const image = disc(32, 32);
  const flat = flatten(image, [10, 20, 30]);
  expect(Array.from(flat.data.subarray(0, 4))).toEqual([10, 20, 30, 255]);
});
