import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";

const aboutSchema = z.strictObject({
  schemaVersion: z.literal(1),
  families: z.array(z.string()).min(2),
  heldOutAccuracy: z.strictObject({ background: z.number(), half: z.number() }),
  scenes: z.strictObject({ train: z.int(), test: z.int() }),
  /** sha256 of the vision weights that it was trained on */
  encoder: z.record(z.string(), z.string()),
});

/** A linear classifier of scene families on the package's own image tokens (training/train_family_probe.py). */
export interface FamilyProbe {
  readonly families: readonly string[];
  readonly heldOutAccuracy: number;
  readonly heldOutScenes: number;
  /** p(family | tokens) */
  posteriors(tokens: Float32Array): Float64Array;
}

/** The probe of a package, or undefined where it has none for the vision weights it holds. */
export async function readFamilyProbe(model: ModelPackage): Promise<FamilyProbe | undefined> {
  const dir = join(model.dir, "evaluation");
  const text = await readFile(join(dir, "family.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const about = aboutSchema.safeParse(JSON.parse(text));
  if (!about.success) throw corrupt("family.json", "is no description of a probe");
  const { families, heldOutAccuracy, scenes, encoder } = about.data;
  const fits = Object.entries(encoder).every(([path, sha256]) =>
    model.files.some((file) => file.path === path && file.sha256 === sha256),
  );
  if (!fits) return undefined;

  const file = join(dir, "family.safetensors");
  const weight = await readFloats(file, "weight");
  const bias = await readFloats(file, "bias");
  const width = weight.length / families.length;
  if (bias.length !== families.length || !Number.isInteger(width))
    throw corrupt("family.safetensors", "does not fit family.json");
  return {
    families,
    heldOutAccuracy: heldOutAccuracy.background,
    heldOutScenes: scenes.test,
    posteriors(tokens) {
      if (tokens.length !== width)
        throw corrupt("family.safetensors", `expected ${width} values, got ${tokens.length}`);
      const logits = bias.map((start, k) =>
        tokens.reduce((sum, value, i) => sum + value * (weight[k * width + i] ?? 0), start),
      );
      return softmax(Float64Array.from(logits));
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
