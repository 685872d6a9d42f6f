import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import type { Updates, Weights } from "../onnx/scope.ts";
import { placeLora, requirePlainAlpha } from "./lora.ts";
import { type ModelPackage, readModelPackage } from "./modelPackage.ts";
import { readSafetensors, readSafetensorsNotes } from "./safetensors.ts";
import type { FilesOfPackage } from "./verifyPackage.ts";

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

/** What a package's graphs are made of: the parts' configs and weight headers, read on demand and once. */
export interface PackageParts {
  readonly config: (part: Exclude<Part, "ip_adapter">) => Promise<unknown>;
  readonly weights: (part: Part) => Promise<Weights>;
}

/** A model package opened for compiling. */
export interface Checkpoint extends PackageParts {
  readonly modelPackage: ModelPackage;
  /** what the package's LoRA adds to the UNet's weights */
  readonly unetUpdates: () => Promise<Updates>;
}

export async function openCheckpoint(dir: string): Promise<Checkpoint> {
  const modelPackage = await readModelPackage(dir);
  const updates = new Map<Part, Promise<Updates>>();
  const opened = openParts(modelPackage);
  return {
    ...opened,
    modelPackage,
    unetUpdates: () => once(updates, "unet", async () => readLora(modelPackage, await opened.weights("unet"))),
  };
}

/** Those of a model package or of a helper. */
export function openParts(files: FilesOfPackage): PackageParts {
  const configs = new Map<Part, Promise<unknown>>();
  const headers = new Map<Part, Promise<Weights>>();
  return {
    config: (part) => once(configs, part, () => readJson(files, `${parts[part].folder}/config.json`)),
    weights: (part) => once(headers, part, () => readWeights(files, part)),
  };
}

/** Changes whenever a graph compiled from this package could change. */
export async function fingerprint(
  { dir, files, sha256 }: Pick<ModelPackage, "dir" | "files" | "sha256">,
  compilerHash: string,
): Promise<string> {
  const hash = createHash("sha256").update(compilerHash).update(sha256);
  for (const { path } of files) {
    if (path.endsWith(".json")) hash.update(await readText(dir, path));
    if (path.endsWith(".safetensors")) hash.update(JSON.stringify([...(await readSafetensors(join(dir, path), path))]));
  }
  return hash.digest("hex");
}

async function readWeights(files: FilesOfPackage, part: Part): Promise<Weights> {
  const path = location(part);
  requireListed(files, path);
  const weights = await readSafetensors(join(files.dir, path), path);
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

async function readJson(files: FilesOfPackage, path: string): Promise<unknown> {
  requireListed(files, path);
  const text = await readText(files.dir, path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackdropError("model_corrupt", `${path}: is not JSON; install the model again`, { cause });
  }
}

async function readText(dir: string, path: string): Promise<string> {
  return await readFile(join(dir, path), "utf8").catch((cause: unknown) => {
    throw new BackdropError("model_corrupt", `${path}: cannot be read; install the model again`, { cause });
  });
}

/** Only listed files are checked by size and sha256 and are part of the fingerprint, so nothing else is compiled. */
function requireListed({ files }: FilesOfPackage, path: string): void {
  if (files.some((file) => file.path === path)) return;
  throw new BackdropError(
    "model_corrupt",
    `${path}: expected among the files of the package's description, but it is not listed; install the model again`,
  );
}

function location(part: Part): string {
  const { folder, file } = parts[part];
  return folder === "" ? file : `${folder}/${file}`;
}

function once<K, V>(cache: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
