import { readFile } from "node:fs/promises";
import type { FinishedVariant, JobEnd } from "../../shared/protocol/jobs.ts";
import { makeThumbnail } from "../image/thumbnail.ts";
import { generateEach, type Hooks, type Variant } from "../pipeline/generate.ts";
import { decodeJob, type JobFiles } from "../pipeline/job.ts";
import type { Model } from "../pipeline/model.ts";
import type { EngineRequest } from "./messages.ts";
import { readVariants, writeVariant } from "./variantFiles.ts";

export interface RequestHooks extends Hooks {
  /** its files are on disk, now or since an earlier attempt */
  readonly onVariant: (finished: FinishedVariant) => void;
}

/** One job in the engine's process: files in, files out. Cancelling throws the signal's reason; what was finished stays. */
export async function runRequest(
  request: EngineRequest,
  open: (name: string, target: EngineRequest["target"]) => Promise<Model>,
  hooks: RequestHooks,
): Promise<JobEnd & { type: "done" }> {
  const begin = performance.now();
  const finished: FinishedVariant[] = [];
  const take = (variant: FinishedVariant) => {
    finished.push(variant);
    hooks.onVariant(variant);
  };
  for (const variant of await readVariants(request.outDir)) take(variant);

  const job = await decodeJob(await readFiles(request.files), request.settings);
  const decodedMs = performance.now() - begin;
  const model = await open(request.model, request.target);
  const timingsMs = await generateEach(model, job, hooks, {
    from: finished.length + 1,
    take: async (variant) => take(await keep(request.outDir, variant)),
  });
  hooks.signal?.throwIfAborted();
  return {
    type: "done",
    outputs: finished.flatMap(({ outputs }) => outputs),
    seed: request.settings.seed,
    timingsMs: { decodeInput: round(decodedMs), ...timingsMs, total: round(performance.now() - begin) },
    productPixelsChanged: finished.reduce((sum, { productPixelsChanged }) => sum + productPixelsChanged, 0),
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

async function keep(dir: string, { variant, seed, result, background, recipe }: Variant): Promise<FinishedVariant> {
  const recipeText = `${JSON.stringify(recipe, null, 2)}\n`;
  return await writeVariant(dir, { variant, seed, productPixelsChanged: recipe.product.changedPixels }, [
    { role: "result", name: `result-${variant}.png`, bytes: result },
    { role: "background", name: `background-${variant}.png`, bytes: background },
    { role: "thumbnail", name: `thumbnail-${variant}.jpg`, bytes: await makeThumbnail(result) },
    { role: "recipe", name: `recipe-${variant}.json`, bytes: Buffer.from(recipeText) },
  ]);
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
