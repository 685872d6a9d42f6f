import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { segmentByColour } from "../../server/assist/segmentByColour.ts";
import { programDir } from "../../server/engine/packages.ts";
import { decodeImage } from "../../server/image/decode.ts";
import { drawOnCanvas, resample, whole } from "../../server/image/resize.ts";
import type { GreyImage, RgbaImage } from "../../server/image/rgba.ts";

// The method without a network on the sample pictures, against what is known of them.

const side = 384;

async function sample(name: string): Promise<RgbaImage> {
  const image = await decodeImage(await readFile(join(programDir(), "samples", name)), name);
  return await resample(image, whole(image), { width: side, height: side });
}

/** intersection over union */
function overlap(mask: GreyImage, isObject: (i: number) => boolean): number {
  let [both, either] = [0, 0];
  mask.data.forEach((value, i) => {
    const [found, wanted] = [value === 255, isObject(i)];
    if (found && wanted) both++;
    if (found || wanted) either++;
  });
  return both / either;
}

const click = (x: number, y: number, keep = true) => ({ x, y, keep });

test("one click finds a box on a table to within 4 % of its area", async () => {
  const [box, table] = [await sample("box.png"), await sample("reference.jpg")];
  const picture = { ...table, data: table.data.slice() };
  for (let i = 0; i < box.data.length; i += 4) {
    const alpha = (box.data[i + 3] ?? 0) / 255;
    for (let c = i; c < i + 3; c++) {
      picture.data[c] = Math.round((box.data[c] ?? 0) * alpha + (table.data[c] ?? 0) * (1 - alpha));
    }
  }
  const mask = await segmentByColour(picture, [click(0.5, 0.5)]);
  expect(overlap(mask, (i) => (box.data[i * 4 + 3] ?? 0) > 127)).toBeGreaterThan(0.96);
});

test("one click finds most of the product in each reference, and little else", async () => {
  for (const [name, at] of [
    ["beach", click(0.33, 0.4)],
    ["bokeh", click(0.48, 0.55)],
    ["podium", click(0.4, 0.55)],
    ["table", click(0.45, 0.55)],
  ] as const) {
    const [picture, kept] = [await sample(`reference-${name}.jpg`), await sample(`reference-${name}.mask.png`)];
    const mask = await segmentByColour(picture, [at]);
    // The masks reach a little beyond the products, so no segmentation comes near 1.
    expect(
      overlap(mask, (i) => (kept.data[i * 4] ?? 0) < 128),
      name,
    ).toBeGreaterThan(0.65);
    const outside = mask.data.filter((value, i) => value === 255 && (kept.data[i * 4] ?? 0) >= 128).length;
    expect(outside / side ** 2, name).toBeLessThan(0.005);
  }
});

test("a second click adds, and one beside the object takes away", async () => {
  const picture = await sample("reference-beach.jpg");
  const isIn = ({ data }: GreyImage, x: number, y: number) => data[Math.floor(y * side) * side + Math.floor(x * side)];
  const tube = await segmentByColour(picture, [click(0.33, 0.4)]);
  expect([isIn(tube, 0.33, 0.6), isIn(tube, 0.75, 0.58)]).toEqual([255, 0]);
  const both = await segmentByColour(picture, [click(0.33, 0.4), click(0.75, 0.58)]);
  expect([isIn(both, 0.33, 0.6), isIn(both, 0.75, 0.58)]).toEqual([255, 255]);
  const stone = await segmentByColour(picture, [click(0.33, 0.4, false), click(0.75, 0.58)]);
  expect([isIn(stone, 0.33, 0.4), isIn(stone, 0.75, 0.58)]).toEqual([0, 255]);
});

test("what is transparent is never object, and of no click nothing is found", async () => {
  const canvas = drawOnCanvas(await sample("jar.png"), { x: 0, y: 0 }, { width: side, height: side });
  const mask = await segmentByColour(canvas, [click(0.5, 0.6)]);
  const wrong = mask.data.filter((value, i) => value === 255 && (canvas.data[i * 4 + 3] ?? 0) === 0).length;
  expect(wrong).toBeLessThan(side);
  expect(overlap(mask, (i) => (canvas.data[i * 4 + 3] ?? 0) > 127)).toBeGreaterThan(0.9);
  expect((await segmentByColour(canvas, [click(0.5, 0.6, false)])).data.some((value) => value > 0)).toBe(false);
});
