import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackageDescription } from "../server/checkpoint/modelPackage.ts";

export type Published = "sd15" | "sdxl";

/** Makes a package of the weights and configs in `dir`, as a published model would be described; gives their size in bytes. */
export async function writeDescription(
  dir: string,
  name: Published,
  side: number,
  paths: readonly string[],
): Promise<number> {
  const scheduler = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear", steps_offset: 1 };
  await mkdir(join(dir, "scheduler"), { recursive: true });
  await writeFile(join(dir, "scheduler", "scheduler_config.json"), JSON.stringify(scheduler));
  const files = await Promise.all(
    paths.map(async (path) => ({ path, sizeBytes: (await stat(join(dir, path))).size, sha256: "0".repeat(64) })),
  );
  await writeFile(join(dir, "backdrop.json"), JSON.stringify(describe(name, side, files)));
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function describe(name: Published, side: number, files: PackageDescription["files"]): PackageDescription {
  const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
  const clipStd = [0.26862954, 0.26130258, 0.27577711] as const;
  const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  return {
    schemaVersion: 1,
    name,
    title: name,
    licence: "none: no weights",
    architecture: name === "sdxl" ? "sdxl" : "sd",
    pixelArea: side ** 2,
    sideMultiple: 64,
    latentRgb: { factors: [0, 0, 0, 0].map(() => [0, 0, 0]), bias: [0, 0, 0] },
    vision: {
      imageSize: 224,
      patchSize: 14,
      droppedPatches: "exclude",
      hiddenState: "penultimate",
      mean: [...clipMean],
      std: [...clipStd],
    },
    text: { maxTokens: 77, hiddenState: name === "sdxl" ? "penultimate" : "last_normed" },
    tokenCompression: "resampler",
    fusion: "query",
    strength: 1,
    sampler: "ddim",
    steps: 30,
    guidance: 7.5,
    depth: {
      imageSize: 518,
      mean: [...imageNet.mean],
      std: [...imageNet.std],
      scale: "relative",
      conditioning: "composite",
    },
    guidanceRescale: 0,
    unconditionalText: name === "sdxl" ? "zeros" : "encode",
    files,
  };
}
