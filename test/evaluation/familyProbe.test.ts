import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { readFamilyProbe } from "../../server/evaluation/familyProbe.ts";
import { sceneFeatures } from "../../server/evaluation/sceneFeatures.ts";
import { paint } from "../image/makePictures.ts";

// Protects what the probe sees: the features that it was trained on, of what is behind the product and of nothing else.

const [width, height] = [128, 64];
const picture = paint(width, height, (x, y) => [(x * 5 + y * 3) % 256, (x * y) % 256, (x * x + 7 * y) % 256, 255]);
const isProduct = (x: number, y: number) => (x - 40) ** 2 + (y - 30) ** 2 < 300;
const product = {
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => (isProduct(i % width, Math.floor(i / width)) ? 255 : 0)),
};

it("features are those of the training code in float64 (test/fixtures/evaluation/make_scene_features.py)", () => {
  const fixture = new URL("../fixtures/evaluation/scene_features.json", import.meta.url);
  const { features }: { readonly features: readonly number[] } = JSON.parse(readFileSync(fixture, "utf8"));
  const found = sceneFeatures(picture, product);
  expect(found.length).toBe(features.length);
  const worst = Math.max(...features.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN))));
  expect(worst).toBeLessThan(1e-4);
});

it("the product's own pixels say nothing", () => {
  const other = paint(width, height, (x, y) =>
    isProduct(x, y) ? [1, 2, 3, 255] : [(x * 5 + y * 3) % 256, (x * y) % 256, (x * x + 7 * y) % 256, 255],
  );
  expect(sceneFeatures(other, product)).toEqual(sceneFeatures(picture, product));
});

it("gives probabilities, and different ones for different pictures", async () => {
  const probe = await readFamilyProbe(await readModelPackage(join(modelsDir(), "mini")));
  expect(probe?.heldOutAccuracy.background).toBeGreaterThan(0.85);
  const dark = paint(width, height, () => [20, 20, 40, 255]);
  const [a, b] = [picture, dark].map((image) => probe?.posteriors(image, product) ?? new Float64Array());
  expect(a?.length).toBe(probe?.families.length);
  expect(a?.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  expect(a).not.toEqual(b);
});
