import { randomInt } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { type Precision, type ProviderChoice, requirePrecision } from "../../shared/providers.ts";
import { tryProvider } from "../engine/checkProvider.ts";
import { findDepthHelper } from "../engine/depthHelper.ts";
import { openModel } from "../engine/openModel.ts";
import { requireFileSize } from "../image/decode.ts";
import { generateEach, type Hooks, type Variant } from "../pipeline/generate.ts";
import { decodeJob, type NamedBytes } from "../pipeline/job.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { checkOutputFolder, type OutputFile, removeOutputs, writeOutputs } from "./outputs.ts";
import { createProgressBar } from "./progressBar.ts";
import { requireProvider } from "./requireProvider.ts";
import { type SettingOptions, settingsFromOptions } from "./settingsFromOptions.ts";

export interface GenerateOptions extends SettingOptions {
  readonly product: string;
  readonly reference: string;
  readonly productMask?: string;
  readonly referenceMask?: string;
  readonly out: string;
  readonly model: string;
  readonly provider: ProviderChoice;
  readonly precision: Precision;
  readonly previews?: true;
  readonly json?: true;
}

/** `backdrop generate`: everything is read and checked first; each variant is written when it is finished, all its files or none. */
export async function generateCommand(options: GenerateOptions, io: Io): Promise<number> {
  const begin = performance.now();
  const settings = settingsFromOptions(options);
  const { provider, precision } = options;
  requirePrecision({ provider, precision });
  await checkOutputFolder(options.out);
  const files = {
    product: await readPicture("product", options.product),
    reference: await readPicture("reference", options.reference),
    productMask: await readOptional("product-mask", options.productMask),
    referenceMask: await readOptional("reference-mask", options.referenceMask),
  };
  // Nothing is decoded and compiled for a provider that cannot run.
  const target = await requireProvider({ provider, precision }, io, tryProvider);
  const job = await decodeJob(files, { ...settings, seed: settings.seed ?? randomInt(2 ** 32) });
  const decodedMs = performance.now() - begin;

  const depthHelper = await findDepthHelper(options.model);
  const model = await openModel(options.model, { ...target, depthHelper });
  try {
    const progressBar = createProgressBar(io, options.json === true);
    const outputs: Written[] = [];
    const { variants } = job.settings;
    let productPixelsChanged = 0;
    const take = async (variant: Variant) => {
      const files = outputFiles(variant);
      // So that an interrupted command leaves no other command's variants beside its own.
      if (variant.variant === 1) await removeOutputs(options.out, laterNames(variants));
      await writeOutputs(options.out, files);
      outputs.push(...files.map(({ role, name }) => ({ role, name })));
      productPixelsChanged += variant.recipe.product.changedPixels;
      progressBar.clear();
      if (options.json || variants > 1) tellVariant(options, io, variant, files);
    };
    const hooks: Hooks = {
      signal: io.signal,
      onStep(progress) {
        if (options.json) printJson(io, { type: "progress", ...progress });
        progressBar.show(progress);
      },
      onWarning(message) {
        if (options.json) printJson(io, { type: "warning", message });
        else io.stderr(`warning: ${message}\n`);
      },
      ...(options.previews && { onPreview: previewWriter(options, io) }),
    };
    const timingsMs = await generateEach(model, job, hooks, { from: 1, take }).finally(progressBar.clear);
    const done = {
      type: "done",
      files: pathsOf(options.out, outputs),
      timingsMs: { decodeInput: round(decodedMs), ...timingsMs, total: round(performance.now() - begin) },
      productPixelsChanged,
      seed: job.settings.seed,
    };
    if (options.json) printJson(io, done);
    else io.stdout(summary(options.out, outputs, { ...done, variants }));
    return exitCodes.done;
  } finally {
    await model.dispose();
  }
}

async function readPicture(role: string, path: string): Promise<NamedBytes> {
  const unreadable = (cause: unknown): never => {
    throw new BackdropError("image_missing", `${role}: ${path} cannot be read; check the path`, { cause });
  };
  const name = `${role} ${path}`;
  requireFileSize((await stat(path).catch(unreadable)).size, name);
  return { name, bytes: await readFile(path).catch(unreadable) };
}

async function readOptional(role: string, path: string | undefined): Promise<NamedBytes | undefined> {
  return path === undefined ? undefined : await readPicture(role, path);
}

/** What was written: the pictures themselves are not kept in memory. */
type Written = Pick<OutputFile, "role" | "name">;

function outputFiles({ variant, background, result, recipe }: Variant): readonly OutputFile[] {
  const contents = { result, background, recipe: `${JSON.stringify(recipe, null, 2)}\n` };
  return outputsOf(variant).map(({ kind, ...output }) => ({ ...output, content: contents[kind] }));
}

/** What a variant is written as. */
function outputsOf(variant: number) {
  const suffix = variant === 1 ? "" : `-${variant}`;
  const kinds = [
    ["result", "png"],
    ["background", "png"],
    ["recipe", "json"],
  ] as const;
  return kinds.map(([kind, type]) => ({ kind, role: `${kind}${suffix}`, name: `${kind}${suffix}.${type}` }));
}

/** Of the variants after the first. */
function laterNames(variants: number): readonly string[] {
  const later = Array.from({ length: variants - 1 }, (_, i) => i + 2);
  return later.flatMap((variant) => outputsOf(variant).map(({ name }) => name));
}

/** So that it can be looked at while the next one is painted, and is known of when the command is interrupted. */
function tellVariant(
  options: GenerateOptions,
  io: Io,
  { variant, seed, recipe }: Variant,
  files: readonly Written[],
): void {
  const { out, json } = options;
  const { changedPixels: productPixelsChanged } = recipe.product;
  if (json) printJson(io, { type: "variant_done", variant, seed, files: pathsOf(out, files), productPixelsChanged });
  else io.stdout(`variant ${variant}: ${files.map(({ name }) => name).join(", ")} in ${out}; seed ${seed}\n`);
}

function pathsOf(out: string, files: readonly Written[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ role, name }) => [role, join(out, name)]));
}

/** Previews are written as they come, so that another program can show them. */
function previewWriter(options: GenerateOptions, io: Io): NonNullable<Hooks["onPreview"]> {
  return async ({ jpeg, ...progress }) => {
    const digits = String(progress.steps).length;
    const number = String(progress.step).padStart(Math.max(digits, 2), "0");
    const name = progress.variant === 1 ? `preview-${number}.jpg` : `preview-${progress.variant}-${number}.jpg`;
    await writeOutputs(options.out, [{ name, content: jpeg }]);
    if (options.json) printJson(io, { type: "preview", ...progress, file: join(options.out, name) });
  };
}

interface Done {
  readonly timingsMs: { readonly total: number };
  readonly productPixelsChanged: number;
  readonly seed: number;
  readonly variants: number;
}

function summary(out: string, outputs: readonly Written[], done: Done): string {
  const { timingsMs, productPixelsChanged, seed, variants } = done;
  const product = productPixelsChanged === 0 ? "product unchanged" : `${productPixelsChanged} product pixels changed`;
  // Several were named as they came.
  const what = variants === 1 ? outputs.map(({ name }) => name).join(", ") : `${variants} variants`;
  return `${what} in ${out} after ${(timingsMs.total / 1000).toFixed(1)} s; ${product}; seed ${seed}\n`;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
