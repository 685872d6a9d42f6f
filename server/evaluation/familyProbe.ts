import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { sceneFeatures } from "./sceneFeatures.ts";

const aboutSchema = z.strictObject({
  schemaVersion: z.literal(2),
  families: z.array(z.string()).min(2),
  heldOutAccuracy: z.strictObject({ background: z.number(), soft: z.number() }),
  scenes: z.strictObject({ train: z.int(), test: z.int() }),
});

/** A linear classifier of scene families on what a background looks like (training/train_family_probe.py). */
export interface FamilyProbe {
  readonly families: readonly string[];
  /** on renders as they are, and on softened ones */
  readonly heldOutAccuracy: { readonly background: number; readonly soft: number };
  readonly heldOutScenes: number;
  /** p(family | what is behind the product) */
  posteriors(image: RgbaImage, product: GreyImage): Float64Array;
}

/** The probe of a package, or undefined where it has none. */
export async function readFamilyProbe(model: ModelPackage): Promise<FamilyProbe | undefined> {
  const dir = join(model.dir, "evaluation");
  const text = await readFile(join(dir, "family.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const about = aboutSchema.safeParse(JSON.parse(text));
  if (!about.success) throw corrupt("family.json", "is no description of a probe");
  const { families, heldOutAccuracy, scenes } = about.data;
  const file = join(dir, "family.safetensors");
  const weight = await readFloats(file, "weight");
  const bias = await readFloats(file, "bias");
  const width = weight.length / families.length;
  if (bias.length !== families.length || !Number.isInteger(width))
    throw corrupt("family.safetensors", "does not fit family.json");
  return {
    families,
    heldOutAccuracy,
    heldOutScenes: scenes.test,
    posteriors(image, product) {
      const features = sceneFeatures(image, product);
      if (features.length !== width) {
        throw corrupt("family.safetensors", `expected weights for ${features.length} features, got ${width}`);
      }
      const logits = Float64Array.from(bias, (start, k) =>
        features.reduce((sum, value, i) => sum + value * (weight[k * width + i] ?? 0), start),
      );
      return softmax(logits);
    },
  };
}

function softmax(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

async function readFloats(file: string, name: string): Promise<Float32Array> {
  const stored = (await readSafetensors(file, "evaluation/family.safetensors")).get(name);
  if (stored?.type !== "float32") throw corrupt("family.safetensors", `expected a float32 tensor ${name}`);
  const bytes = (await readFile(file)).subarray(stored.offset, stored.offset + stored.byteLength);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function corrupt(file: string, what: string): BackdropError {
  return new BackdropError(
    "model_corrupt",
    `evaluation/${file}: ${what}; train it again (training/train_family_probe.py)`,
  );
}
