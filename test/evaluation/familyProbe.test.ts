import { join } from "node:path";
import { expect, it } from "vitest";
import { readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { readFamilyProbe } from "../../server/evaluation/familyProbe.ts";

// Protects figures from a probe of other weights: its answers mean something only for the encoder that it was trained on.

const dir = join(modelsDir(), "mini");
/** mini's image tokens: 16 of 128 values */
const tokenValues = 16 * 128;

it("gives probabilities, and different ones for different tokens", async () => {
  // A new encoder in the package calls for training/train_family_probe.py.
  const probe = await readFamilyProbe(await readModelPackage(dir));
  expect(probe).toBeDefined();
  const [a, b] = [0, 1].map(
    (value) => probe?.posteriors(new Float32Array(tokenValues).fill(value)) ?? new Float64Array(),
  );
  expect(a?.length).toBe(probe?.families.length);
  expect(a?.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  expect(a).not.toEqual(b);
});

it("is left out where the package's vision weights are others", async () => {
  const model = await readModelPackage(dir);
  const files = model.files.map((file) =>
    file.path === "image_encoder/model.safetensors" ? { ...file, sha256: "0".repeat(64) } : file,
  );
  expect(await readFamilyProbe({ ...model, files })).toBeUndefined();
});
