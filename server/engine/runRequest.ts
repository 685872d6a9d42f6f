import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobEnd, Output } from "../../shared/protocol/jobs.ts";
import { writeDurably } from "../home/durableFile.ts";
import { makeThumbnail } from "../image/thumbnail.ts";
import { generate, type Hooks, type Variant } from "../pipeline/generate.ts";
import { decodeJob, type JobFiles } from "../pipeline/job.ts";
import type { Model } from "../pipeline/model.ts";
import type { EngineRequest } from "./messages.ts";

/** One job in the engine's process: files in, files out. Cancelling throws the signal's reason. */
export async function runRequest(
  request: EngineRequest,
  open: (name: string, target: EngineRequest["target"]) => Promise<Model>,
  hooks: Hooks,
): Promise<JobEnd & { type: "done" }> {
  const begin = performance.now();
  const job = await decodeJob(await readFiles(request.files), request.settings);
  const decodedMs = performance.now() - begin;
  const { variants, timingsMs } = await generate(await open(request.model, request.target), job, hooks);
  hooks.signal?.throwIfAborted();
  return {
    type: "done",
    outputs: await writeVariants(request.outDir, variants),
    seed: request.settings.seed,
    timingsMs: { decodeInput: round(decodedMs), ...timingsMs, total: round(performance.now() - begin) },
    productPixelsChanged: variants.reduce((sum, { recipe }) => sum + recipe.product.changedPixels, 0),
  };
}

/** Messages call the pictures by their role. */
async function readFiles(files: EngineRequest["files"]): Promise<JobFiles> {
  const named = async (name: string, path: string) => ({ name, bytes: await readFile(path) });
  const { productMask, referenceMask } = files;
  return {
    product: await named("product", files.product),
    reference: await named("reference", files.reference),
    ...(productMask !== undefined && { productMask: await named("productMask", productMask) }),
    ...(referenceMask !== undefined && { referenceMask: await named("referenceMask", referenceMask) }),
  };
}

async function writeVariants(dir: string, variants: readonly Variant[]): Promise<Output[]> {
  await mkdir(dir, { recursive: true });
  const outputs: Output[] = [];
  for (const [i, { result, background, recipe }] of variants.entries()) {
    const variant = i + 1;
    const contents = [
      { role: "result", name: `result-${variant}.png`, bytes: result },
      { role: "background", name: `background-${variant}.png`, bytes: background },
      { role: "thumbnail", name: `thumbnail-${variant}.jpg`, bytes: await makeThumbnail(result) },
      { role: "recipe", name: `recipe-${variant}.json`, bytes: Buffer.from(`${JSON.stringify(recipe, null, 2)}\n`) },
    ] as const;
    for (const { role, name, bytes } of contents) {
      await writeDurably(join(dir, name), bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      outputs.push({ name, role, variant, sizeBytes: bytes.length, sha256 });
    }
  }
  return outputs;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
