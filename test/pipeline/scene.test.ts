import { expect, test } from "vitest";
import { decodeJob } from "../../server/pipeline/job.ts";
import { keepsAnything } from "../../server/pipeline/reference.ts";
import { layOutScene } from "../../server/pipeline/scene.ts";
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
