import { expect, it } from "vitest";
import { boundaryStep } from "../../server/evaluation/boundaryStep.ts";
import { causedLeak, colourLeak, histogram, ownColours } from "../../server/evaluation/colourLeak.ts";
import { labAt } from "../../server/evaluation/lab.ts";
import { objectExpansion } from "../../server/evaluation/objectExpansion.ts";
import { roughness } from "../../server/evaluation/roughness.ts";
import { bootstrapMean, jackknife, mean } from "../../server/evaluation/spread.ts";
import type { GreyImage, Rgb, RgbaImage } from "../../server/image/rgba.ts";
import { noiseStream } from "../../server/pipeline/noise.ts";
import { paint } from "../image/makePictures.ts";

// Protects what each measure of a picture claims to see, on pictures whose answer can be counted by hand.

const side = 40;
const box = { from: 10, to: 30 };
const inBox = (x: number, y: number) => x >= box.from && x < box.to && y >= box.from && y < box.to;
const red: Rgb = [200, 30, 30];
const grey: Rgb = [128, 128, 128];
const blue: Rgb = [20, 40, 220];

function picture(colour: (x: number, y: number) => Rgb): RgbaImage {
  return paint(side, side, (x, y) => [...colour(x, y), 255]);
}

const product: GreyImage = {
  width: side,
  height: side,
  data: Uint8Array.from({ length: side * side }, (_, i) => (inBox(i % side, Math.floor(i / side)) ? 255 : 0)),
};
const redOnGrey = picture((x, y) => (inBox(x, y) ? red : grey));

it("L*a*b* of white, black and pure red", () => {
  const image = paint(3, 1, (x) => [x === 1 ? 0 : 255, x === 0 ? 255 : 0, x === 0 ? 255 : 0, 255]);
  const expected = [
    [100, 0, 0],
    [0, 0, 0],
    [53.24, 80.09, 67.2], // Lindbloom's calculator, sRGB, D65
  ];
  for (const [i, lab] of expected.entries()) {
    for (const [c, value] of lab.entries()) expect(labAt(image, i)[c]).toBeCloseTo(value, 1);
  }
});

it("the boundary step is the colour difference across the edge, and 0 where the picture goes on", () => {
  const flat = boundaryStep(
    picture(() => grey),
    product,
  );
  expect(flat).toBe(0);
  expect(boundaryStep(redOnGrey, product)).toBeGreaterThan(40);
  expect(boundaryStep(redOnGrey, { ...product, data: product.data.map(() => 0) })).toBeUndefined();
});

it("expansion counts what goes on in the product's colour, and nothing else", () => {
  expect(objectExpansion(redOnGrey, product)).toBe(0);
  // five columns more to the right, as high as the product
  const longer = picture((x, y) => (inBox(x, y) || (x >= 30 && x < 35 && y >= 10 && y < 30) ? red : grey));
  expect(objectExpansion(longer, product)).toBeCloseTo((5 * 20) / 400, 10);
  // the same patch apart from the product does not belong to it
  const apart = picture((x, y) => (inBox(x, y) || (x >= 32 && x < 37 && y >= 10 && y < 30) ? red : grey));
  expect(objectExpansion(apart, product)).toBe(0);
});

it("leak is high where the background takes the hidden product's colours, near 0 where it takes none, below for another's; caused is what another product would not give", () => {
  const colours = (colour: Rgb) => {
    const image = picture((x, y) => (inBox(x, y) ? colour : grey));
    return ownColours(histogram(image, product, 255), histogram(image, product, 0));
  };
  const [hidden, other] = [colours(red), colours(blue)];
  const background = (colour: Rgb) =>
    histogram(
      picture(() => colour),
      product,
      0,
    );
  expect(colourLeak(background(red), hidden, [other])).toBeCloseTo(1, 10);
  expect(colourLeak(background(grey), hidden, [other])).toBe(0);
  expect(colourLeak(background(blue), hidden, [other])).toBeCloseTo(-1, 10);
  expect(causedLeak(background(red), background(grey), hidden)).toBeCloseTo(1, 10);
  expect(causedLeak(background(red), background(red), hidden)).toBe(0);
});

it("colours that also stand around the product are not its own", () => {
  expect(
    ownColours(
      histogram(
        picture(() => grey),
        product,
        255,
      ),
      histogram(redOnGrey, product, 0),
    ).every((v) => v === 0),
  ).toBe(true);
});

it("intervals: for a mean, bootstrap and jackknife come near the formula 1.96 · s / √n", () => {
  const values = [...noiseStream(3)(200)];
  const centre = mean(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 199);
  const half = (1.96 * deviation) / Math.sqrt(200);
  for (const { value, low, high, count } of [bootstrapMean(values), jackknife(values, mean)]) {
    expect(value).toBeCloseTo(centre, 12);
    expect(count).toBe(200);
    expect(high - low).toBeGreaterThan(2 * half * 0.6);
    expect(high - low).toBeLessThan(2 * half * 1.6);
  }
});

it("twice the contrast is one more roughness; the product's own does not count", () => {
  const noise = noiseStream(5)(side * side);
  const rough = (contrast: number, inside: Rgb = red) =>
    picture((x, y) => {
      const level = Math.round(128 + contrast * (noise[y * side + x] ?? 0));
      return inBox(x, y) ? inside : [level, level, level];
    });
  const [once, twice] = [roughness(rough(15), product), roughness(rough(30), product)];
  expect((twice ?? 0) - (once ?? 0)).toBeCloseTo(1, 1);
  expect(roughness(rough(15, blue), product)).toBe(once);
  // a tenth of a level, as good as none
  expect(roughness(redOnGrey, product)).toBeCloseTo(Math.log2(0.1 / 255), 6);
  expect(
    roughness(
      paint(12, 12, () => [0, 0, 0, 255]),
      { width: 12, height: 12, data: new Uint8Array(144) },
    ),
  ).toBe(undefined);
});
