import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import type { Updates, Weights } from "../onnx/scope.ts";
import { placeLora, requirePlainAlpha } from "./lora.ts";
import { type ModelPackage, readModelPackage } from "./modelPackage.ts";
import { readSafetensors, readSafetensorsNotes } from "./safetensors.ts";

/** The parts of a package that have weights, and which networks may own keys of each. */
const parts = {
  unet: { folder: "unet", file: "diffusion_pytorch_model.safetensors", owns: [""] },
  controlnet: { folder: "controlnet", file: "diffusion_pytorch_model.safetensors", owns: [""] },
  vae: {
    folder: "vae",
    file: "diffusion_pytorch_model.safetensors",
    owns: ["encoder.", "decoder.", "quant_conv.", "post_quant_conv."],
  },
  preview_decoder: {
    folder: "preview_decoder",
    file: "diffusion_pytorch_model.safetensors",
    owns: ["encoder.", "decoder."],
  },
  text_encoder: { folder: "text_encoder", file: "model.safetensors", owns: [""] },
  text_encoder_2: { folder: "text_encoder_2", file: "model.safetensors", owns: [""] },
  image_encoder: { folder: "image_encoder", file: "model.safetensors", owns: [""] },
  depth: { folder: "depth", file: "model.safetensors", owns: [""] },
  ip_adapter: { folder: "", file: "ip_adapter.safetensors", owns: ["image_proj.", "ip_adapter."] },
} as const;

export type Part = keyof typeof parts;

/** A model package opened for compiling: its description, configs and weight headers, read on demand and once. */
export interface Checkpoint {
  readonly dir: string;
  readonly modelPackage: ModelPackage;
  readonly config: (part: Exclude<Part, "ip_adapter">) => Promise<unknown>;
  readonly weights: (part: Part) => Promise<Weights>;
  /** what the package's LoRA adds to the UNet's weights */
  readonly unetUpdates: () => Promise<Updates>;
}

export async function openCheckpoint(dir: string): Promise<Checkpoint> {
  const modelPackage = await readModelPackage(dir);
  const configs = new Map<Part, Promise<unknown>>();
  const headers = new Map<Part, Promise<Weights>>();
  const updates = new Map<Part, Promise<Updates>>();
  const weights = (part: Part) => once(headers, part, () => readWeights(modelPackage, part));
  return {
    dir,
    modelPackage,
    config: (part) => once(configs, part, () => readJson(modelPackage, `${parts[part].folder}/config.json`)),
    weights,
    unetUpdates: () => once(updates, "unet", async () => readLora(modelPackage, await weights("unet"))),
  };
}

/** Changes whenever a graph compiled from this package could change. */
export async function fingerprint(checkpoint: Checkpoint, compilerHash: string): Promise<string> {
  const hash = createHash("sha256").update(compilerHash);
  const paths = checkpoint.modelPackage.files.map((file) => file.path);
  for (const path of ["backdrop.json", ...paths.filter((p) => p.endsWith(".json"))]) {
    const content = await readFile(join(checkpoint.dir, path)).catch((cause: unknown) => {
      throw new BackdropError("model_corrupt", `${path}: cannot be read; install the model again`, { cause });
    });
    hash.update(content);
  }
  for (const part of Object.keys(parts).filter(isPart)) {
    if (paths.includes(location(part))) hash.update(JSON.stringify([...(await checkpoint.weights(part))]));
  }
  if (checkpoint.modelPackage.lora) hash.update(JSON.stringify([...(await checkpoint.unetUpdates())]));
  return hash.digest("hex");
}

async function readWeights(modelPackage: ModelPackage, part: Part): Promise<Weights> {
  const path = location(part);
  requireListed(modelPackage, path);
  const weights = await readSafetensors(join(modelPackage.dir, path), path);
  const foreign = [...weights.keys()].find((key) => !parts[part].owns.some((prefix) => key.startsWith(prefix)));
  if (foreign !== undefined) {
    throw new BackdropError(
      "model_corrupt",
      `${path}: holds ${foreign}, which belongs to no network of this package; install the model again`,
    );
  }
  return weights;
}

async function readLora(modelPackage: ModelPackage, unet: Weights): Promise<Updates> {
  const { lora, dir } = modelPackage;
  if (!lora) return new Map();
  requireListed(modelPackage, lora.file);
  const file = join(dir, lora.file);
  requirePlainAlpha(await readSafetensorsNotes(file, lora.file), lora.file);
  return placeLora(await readSafetensors(file, lora.file), unet, lora.file, lora.scale);
}

async function readJson(modelPackage: ModelPackage, path: string): Promise<unknown> {
  requireListed(modelPackage, path);
  try {
    return JSON.parse(await readFile(join(modelPackage.dir, path), "utf8"));
  } catch (cause) {
    throw new BackdropError("model_corrupt", `${path}: cannot be read as JSON; install the model again`, { cause });
  }
}

/** Only listed files are checked by size and sha256 and are part of the fingerprint, so nothing else is compiled. */
function requireListed({ files }: ModelPackage, path: string): void {
  if (files.some((file) => file.path === path)) return;
  throw new BackdropError(
    "model_corrupt",
    `${path}: expected among the files of backdrop.json, but it is not listed; install the model again`,
  );
}

function location(part: Part): string {
  const { folder, file } = parts[part];
  return folder === "" ? file : `${folder}/${file}`;
}

function isPart(name: string): name is Part {
  return name in parts;
}

function once<K, V>(cache: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
