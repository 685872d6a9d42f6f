import { z } from "zod";
import { errorCodes } from "../errors.ts";
import { settingsSchema } from "../settings.ts";
import { jobIdSchema, modelNameSchema, seqSchema, sha256Schema } from "./fields.ts";

/** Everything that makes one job, by content: equal parameters make equal pictures. */
export const jobParamsSchema = z.strictObject({
  settings: settingsSchema,
  /** left out: the model that the server was started with */
  model: modelNameSchema.optional(),
  /** sha256 of uploaded pictures: PNG, JPEG or WebP */
  inputs: z.strictObject({
    product: sha256Schema,
    reference: sha256Schema,
    /** white = product */
    productMask: sha256Schema.optional(),
    /** white = keep */
    referenceMask: sha256Schema.optional(),
  }),
  /** whether preview frames are made; they cost a little time */
  previews: z.boolean().default(true),
});
export type JobParams = z.output<typeof jobParamsSchema>;
export type InputRole = keyof JobParams["inputs"];

/** One finished file of a job, read by `GET /results/<jobId>/<name>`. */
export const outputSchema = z.strictObject({
  name: z.string().regex(/^(result|background|thumbnail|recipe)-[1-4]\.(png|jpg|json)$/),
  role: z.enum(["result", "background", "thumbnail", "recipe"]),
  /** from 1 */
  variant: z.int().min(1).max(4),
  sizeBytes: z.int().min(0),
  sha256: sha256Schema,
});
export type Output = z.output<typeof outputSchema>;

/** A picture of a job that is finished, and kept whatever becomes of the job. */
export const finishedVariantSchema = z.strictObject({
  /** from 1 */
  variant: z.int().min(1).max(4),
  seed: z.int().min(0).max(0xffff_ffff),
  outputs: z.array(outputSchema).min(1).max(4),
  /** opaque pixels of the product that differ from the input; 0 unless something is wrong */
  productPixelsChanged: z.int().min(0),
});
export type FinishedVariant = z.output<typeof finishedVariantSchema>;

export const doneSchema = z.strictObject({
  type: z.literal("done"),
  /** of all variants */
  outputs: z.array(outputSchema).min(1).max(16),
  /** of the first variant; the others follow on */
  seed: z.int().min(0).max(0xffff_ffff),
  timingsMs: z.record(z.string(), z.number()),
  /** of all variants together */
  productPixelsChanged: z.int().min(0),
});
export const failedSchema = z.strictObject({
  type: z.literal("failed"),
  code: z.enum(errorCodes),
  message: z.string(),
  retryable: z.boolean(),
});
export const cancelledSchema = z.strictObject({ type: z.literal("cancelled") });

/** How a job ended; exactly one of these comes, and nothing after it. */
export const jobEndSchema = z.discriminatedUnion("type", [doneSchema, failedSchema, cancelledSchema]);
export type JobEnd = z.output<typeof jobEndSchema>;

export const progressSchema = z.strictObject({
  type: z.literal("progress"),
  variant: z.int().min(1).max(4),
  /** of `steps`, done */
  step: z.int().min(1),
  steps: z.int().min(1),
});
export const variantDoneSchema = z.strictObject({ type: z.literal("variant_done"), ...finishedVariantSchema.shape });
export const warningSchema = z.strictObject({ type: z.literal("warning"), message: z.string() });

export const jobEventSchema = z.discriminatedUnion("type", [
  /** `ahead` jobs come first */
  z.strictObject({ type: z.literal("queued"), ahead: z.int().min(0) }),
  z.strictObject({ type: z.literal("started"), attempt: z.int().min(1) }),
  progressSchema,
  variantDoneSchema,
  warningSchema,
  /** the engine died, or the server, and the job goes on with the first variant that is not finished */
  z.strictObject({ type: z.literal("retrying"), attempt: z.int().min(2) }),
  doneSchema,
  failedSchema,
  cancelledSchema,
]);
export type JobEvent = z.output<typeof jobEventSchema>;

export function isEnd(event: JobEvent): event is JobEnd {
  return event.type === "done" || event.type === "failed" || event.type === "cancelled";
}

export const jobStates = ["queued", "running", "cancelling", "done", "failed", "cancelled"] as const;

/** One line of the history. */
export const jobSummarySchema = z.strictObject({
  jobId: jobIdSchema,
  createdAt: z.iso.datetime(),
  state: z.enum(jobStates),
  params: jobParamsSchema,
  /** of the latest event */
  lastSeq: seqSchema,
  /** so far, in order */
  variants: z.array(finishedVariantSchema).max(4),
  end: jobEndSchema.nullable(),
});
export type JobSummary = z.output<typeof jobSummarySchema>;
