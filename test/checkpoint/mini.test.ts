import { join } from "node:path";
import { expect, it } from "vitest";
import { readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { verifyPackage } from "../../server/checkpoint/verifyPackage.ts";
import { modelsDir } from "../../server/engine/packages.ts";

// Protects what is promised of the embedded model: it is small enough to ship, whole, and in half precision.

const dir = join(modelsDir(), "mini");

it("has every file with the size and sha256 of its description", async () => {
  await expect(verifyPackage(await readModelPackage(dir))).resolves.toBeUndefined();
});

it("is at most 60 MB", async () => {
  const { files } = await readModelPackage(dir);
  expect(files.reduce((sum, file) => sum + file.sizeBytes, 0)).toBeLessThanOrEqual(60e6);
});

it("has a UNet of at most 20 million parameters in float16", async () => {
  const weights = await readSafetensors(join(dir, "unet", "diffusion_pytorch_model.safetensors"), "unet");
  const counts = [...weights.values()].map(({ shape }) => shape.reduce((n, d) => n * d, 1));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(20e6);
  expect(new Set([...weights.values()].map(({ type }) => type))).toEqual(new Set(["float16"]));
});
