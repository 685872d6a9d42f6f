import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { FinishedVariant, JobEnd } from "../../shared/protocol/jobs.ts";
import { version } from "../../shared/version.ts";
import { makeThumbnail } from "../image/thumbnail.ts";
import { generateEach, type Hooks, type Variant } from "../pipeline/generate.ts";
import { decodeJob, type JobFiles } from "../pipeline/job.ts";
import type { Model } from "../pipeline/model.ts";
import type { EngineRequest } from "./messages.ts";
import { type KeptVariant, type PaintedBy, readVariants, writeVariant } from "./variantFiles.ts";

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
  const kept = await readVariants(request.outDir, request.settings);
  const timingsMs = isWhole(kept, request) ? takeAll() : await paint();
  hooks.signal?.throwIfAborted();
  return {
    type: "done",
    outputs: finished.flatMap(({ outputs }) => outputs),
    seed: request.settings.seed,
    timingsMs: { ...timingsMs, total: round(performance.now() - begin) },
    productPixelsChanged: finished.reduce((sum, { productPixelsChanged }) => sum + productPixelsChanged, 0),
  };

  /** Neither pictures nor model need to be there any more. */
  function takeAll() {
    for (const variant of kept) take(variant.finished);
    return {};
  }

  async function paint() {
    const job = await decodeJob(await readFiles(request.files), request.settings);
    const decodeInput = round(performance.now() - begin);
    const model = await open(request.model, request.target);
    const paintedBy = painterOf(model, request);
    for (const variant of leadingBy(kept, paintedBy)) take(variant.finished);
    const timingsMs = await generateEach(model, job, hooks, {
      from: finished.length + 1,
      take: async (variant) => take(await keep(request.outDir, paintedBy, variant)),
    });
    return { decodeInput, ...timingsMs };
  }
}

/** All variants are there, and one painter's. */
function isWhole(kept: readonly KeptVariant[], { settings }: EngineRequest): boolean {
  const [first] = kept;
  return first !== undefined && leadingBy(kept, first.paintedBy).length === settings.variants;
}

/** Those before the first that another has painted. */
function leadingBy(kept: readonly KeptVariant[], paintedBy: PaintedBy): readonly KeptVariant[] {
  const others = kept.findIndex((variant) => !isDeepStrictEqual(variant.paintedBy, paintedBy));
  return others < 0 ? kept : kept.slice(0, others);
}

function painterOf({ package: { sha256 }, precision, depthHelper }: Model, { target }: EngineRequest): PaintedBy {
  const { provider, operators } = target;
  return {
    backdrop: version,
    model: sha256,
    provider,
    precision,
    ...(operators !== undefined && { operators }),
    ...(depthHelper && { depth: depthHelper.sha256 }),
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

async function keep(
  dir: string,
  paintedBy: PaintedBy,
  { variant, seed, result, background, recipe }: Variant,
): Promise<FinishedVariant> {
  const recipeText = `${JSON.stringify(recipe, null, 2)}\n`;
  return await writeVariant(dir, paintedBy, { variant, seed, productPixelsChanged: recipe.product.changedPixels }, [
    { role: "result", name: `result-${variant}.png`, bytes: result },
    { role: "background", name: `background-${variant}.png`, bytes: background },
    { role: "thumbnail", name: `thumbnail-${variant}.jpg`, bytes: await makeThumbnail(result) },
    { role: "recipe", name: `recipe-${variant}.json`, bytes: Buffer.from(recipeText) },
  ]);
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
