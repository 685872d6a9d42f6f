import { expect, test } from "vitest";
import type { RgbaImage } from "../../server/image/rgba.ts";
import { decodeJob } from "../../server/pipeline/job.ts";
import { keepsAnything } from "../../server/pipeline/reference.ts";
import { carryOver, layOutScene } from "../../server/pipeline/scene.ts";
import { parseSettings } from "../../shared/settings.ts";
import { disc, png } from "../image/makePictures.ts";
import { examplePackage } from "./arithmeticModel.ts";

// Protects how fine a picture is painted: as fine as the frame where a layout holds it together, within what the package says.

const package256 = { ...examplePackage, pixelArea: 256 ** 2, layoutPixelArea: 512 ** 2 };

test.each([
  ["from noise: what the model paints best", 1080, false, package256, 256],
  ["from a layout, for a large frame: the most that the package allows", 1080, true, package256, 512],
  ["from a layout, for a frame in between: the frame's own size", 384, true, package256, 384],
  ["from a layout, for a small frame: no less than the model paints best", 128, true, package256, 256],
  ["from a layout, by a package that does not say: what it paints best", 1080, true, examplePackage, 64],
])("%s", async (_, side, hasLayout, model, painted) => {
  const product = { name: "product", bytes: await png(disc(64, 64)) };
  const settings = { ...parseSettings({ width: side, height: side }), seed: 0 };
  const { work, frame, workProduct } = await layOutScene(
    await decodeJob({ product, reference: product }, settings),
    model,
    hasLayout,
  );
  expect(frame).toEqual({ width: side, height: side });
  expect(work).toEqual({ width: painted, height: painted });
  expect(workProduct).toMatchObject(work);
});

test.each([
  [300, 250],
  [1920, 1080],
])("what was painted lies at the same place of a %i × %i frame when it is painted finer", async (width, height) => {
  const product = { name: "product", bytes: await png(disc(64, 64)) };
  const settings = { ...parseSettings({ width, height }), seed: 0 };
  const job = await decodeJob({ product, reference: product }, settings);
  const mini = { ...package256, sideMultiple: 32 };
  const [coarse, fine] = [await layOutScene(job, mini, false), await layOutScene(job, mini, true)];
  expect(fine.work).not.toEqual(coarse.work);
  const [found, expected] = [await carryOver(coarse.workProduct, coarse, fine), fine.workProduct].map(extent);
  found?.forEach((edge, i) => {
    // a pixel of the coarser picture
    expect(Math.abs(edge - (expected?.[i] ?? 0))).toBeLessThanOrEqual(fine.work.width / coarse.work.width + 1);
  });
});

/** Left, right, top and bottom of what is opaque. */
function extent({ width, data }: RgbaImage): readonly number[] {
  const opaque = Array.from({ length: data.length / 4 }, (_, i) => i).filter((i) => (data[4 * i + 3] ?? 0) > 127);
  const [columns, rows] = [opaque.map((i) => i % width), opaque.map((i) => Math.floor(i / width))];
  const span = (values: readonly number[]) =>
    values.reduce<readonly [number, number]>(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [width, 0]);
  return [...span(columns), ...span(rows)];
}

test("a reference of which the frame's part keeps nothing has no layout", async () => {
  const [width, height] = [100, 50];
  const left = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 20 ? 255 : 0));
  const reference = {
    image: { width, height, data: new Uint8Array(width * height * 4) },
    mask: { width, height, data: left },
  };
  expect(keepsAnything(reference, { width: 200, height: 100 })).toBe(true);
  expect(keepsAnything(reference, { width: 100, height: 100 })).toBe(false);
});
