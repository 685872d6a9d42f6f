import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { modelDefaultsSchema } from "../../shared/modelDefaults.ts";

/** A relative path inside the package: no drive, no leading slash, no `..`. */
const packagePath = z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[^\\/:][^\\:]*$/, "expected a path inside the package");
const triple = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.int().positive();

/** The files that make up an installed package, with what they must be. */
export const fileListSchema = z
  .array(
    z.strictObject({
      path: packagePath,
      sizeBytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  )
  .min(1);

/** How pictures are put to a depth network, and how its answer is read. */
export const depthReadingSchema = z.strictObject({
  imageSize: positive,
  mean: triple,
  std: triple,
  /**
   * `unit`: the network gives disparity in 0 … 1 as the ControlNet was trained with; `relative`: any positive scale, so the
   * nearest point that a mask lets through becomes 1
   */
  scale: z.enum(["unit", "relative"]),
});
export type DepthReading = z.output<typeof depthReadingSchema>;

/** `backdrop.json`: what the weights' own configs do not say, and the files that make up the package. */
export const descriptionSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  title: z.string(),
  licence: z.string(),
  /** what it is good for, for people */
  purpose: z.string().optional(),
  architecture: z.enum(["sd", "sdxl"]),
  /** the number of pixels the model paints best */
  pixelArea: positive.max(4096 ** 2),
  /** the most that it paints where it is given a layout to start from (strength below 1), which holds larger pictures together too */
  layoutPixelArea: positive.max(4096 ** 2).optional(),
  /**
   * what a layout is noised with: `white` unless given, as every model expects; `blue` leaves the layout's coarse part as it is, since what a small
   * model does not take off of coarse noise shows as mottling
   */
  layoutNoise: z.enum(["white", "blue"]).optional(),
  /** at this strength a picture from noise is painted once more, over itself as the layout; left out, it is not */
  refineStrength: z.number().gt(0).lt(1).optional(),
  /** both sides of what it paints are multiples of this, px */
  sideMultiple: positive.multipleOf(8),
  /** RGB in [−1, 1] ≈ Σ latent channel × factors + bias, for instant previews; from scaled latents */
  latentRgb: z.strictObject({ factors: z.array(triple).length(4), bias: triple }),
  vision: z.strictObject({
    imageSize: positive,
    patchSize: positive,
    /** R4 */
    droppedPatches: z.enum(["exclude", "zero"]),
    hiddenState: z.enum(["last", "penultimate"]),
    mean: triple,
    std: triple,
  }),
  text: z.strictObject({ maxTokens: positive, hiddenState: z.enum(["last_normed", "penultimate"]) }),
  /** R5 */
  tokenCompression: z.enum(["linear", "resampler"]),
  /** added to the denoiser's weights; the sampler, steps and guidance that it was made for are the package's defaults */
  lora: z.strictObject({ name: z.string(), file: packagePath, scale: z.number().min(-2).max(2).default(1) }).optional(),
  ...modelDefaultsSchema.shape,
  depth: z.strictObject({
    ...depthReadingSchema.shape,
    /** R8 */
    conditioning: z.enum(["stacked", "composite"]),
    /** its network is a small stand-in: an installed helper for depth takes its place */
    isStandIn: z.literal(true).optional(),
  }),
  /** φ of Lin et al. 2023, §3.4; 0 leaves guidance as it is */
  guidanceRescale: z.number().min(0).max(1),
  /** what stands for "no prompt" under guidance: the encoded empty text, or zero tensors (SDXL) */
  unconditionalText: z.enum(["encode", "zeros"]),
  files: fileListSchema,
});
export type PackageDescription = z.output<typeof descriptionSchema>;

/**
 * `scheduler/scheduler_config.json`, whichever diffusers scheduler wrote it: the fields that DDIM needs. Left out, they
 * mean what diffusers means, except `set_alpha_to_one` and `clip_sample`, which latent diffusion always sets to false.
 */
export const schedulerSchema = z
  .object({
    num_train_timesteps: positive.default(1000),
    beta_start: z.number().positive(),
    beta_end: z.number().positive().max(1),
    beta_schedule: z.enum(["linear", "scaled_linear"]),
    prediction_type: z.enum(["epsilon", "v_prediction"]).default("epsilon"),
    timestep_spacing: z.enum(["leading", "trailing", "linspace"]).default("leading"),
    steps_offset: z.int().nonnegative().default(0),
    rescale_betas_zero_snr: z.boolean().default(false),
    set_alpha_to_one: z.boolean().default(false),
    clip_sample: z.literal(false).default(false),
  })
  .refine((config) => !(config.rescale_betas_zero_snr && config.prediction_type === "epsilon"), {
    error: "rescale_betas_zero_snr needs prediction_type v_prediction (epsilon says nothing at zero signal)",
  });
export type SchedulerConfig = z.output<typeof schedulerSchema>;

/** A package's description, read and checked. */
export interface ModelPackage extends PackageDescription {
  /** its folder */
  readonly dir: string;
  readonly scheduler: SchedulerConfig;
  /** one hash for the whole package: sha256 over its description, which holds the sha256 of every file */
  readonly sha256: string;
}

/** What holds a depth network: a model package, or a helper that lends its own to models. */
export interface DepthPackage extends Pick<ModelPackage, "dir" | "name" | "files" | "sha256"> {
  readonly depth: DepthReading;
}

/** One hash for a whole package, by its description. */
export function packageSha256(description: { readonly files: PackageDescription["files"] }): string {
  return createHash("sha256").update(JSON.stringify(description)).digest("hex");
}

/** Whether it has a small decoder of its own for previews: TAESD or TAESDXL. */
export function hasPreviewDecoder({ files }: Pick<PackageDescription, "files">): boolean {
  return files.some(({ path }) => path === "preview_decoder/config.json");
}

/** Reads and checks `backdrop.json` and the scheduler's config; the weights are not touched. */
export async function readModelPackage(dir: string): Promise<ModelPackage> {
  const description = await readConfig(dir, "backdrop.json", descriptionSchema, "model_unknown");
  const scheduler = await readConfig(dir, "scheduler/scheduler_config.json", schedulerSchema, "model_corrupt");
  return { ...description, dir, scheduler, sha256: packageSha256(description) };
}

async function readConfig<Schema extends z.ZodType>(
  dir: string,
  path: string,
  schema: Schema,
  codeIfMissing: "model_unknown" | "model_corrupt",
): Promise<z.output<Schema>> {
  const file = join(dir, path);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new BackdropError(codeIfMissing, `${file}: cannot be read, so this is no whole model package`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BackdropError("model_corrupt", `${file}: is not JSON; install the model again`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ path: at, message }) => `${at.join(".") || "the file"}: ${message}`);
  throw new BackdropError("model_corrupt", `${file}: ${details.join("; ")}`);
}
