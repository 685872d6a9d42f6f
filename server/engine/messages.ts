import { z } from "zod";
import { errorCodes } from "../../shared/errors.ts";
import type { Point } from "../../shared/protocol/helpers.ts";
import { doneSchema, progressSchema, variantDoneSchema, warningSchema } from "../../shared/protocol/jobs.ts";
import type { TargetChoice } from "../../shared/providers.ts";
import type { Settings } from "../../shared/settings.ts";
import type { PictureFile } from "../assist/assistant.ts";

/** One job as the engine gets it. Pictures lie on disk: they never pass through the main process. */
export interface EngineRequest {
  readonly jobId: string;
  readonly model: string;
  readonly target: TargetChoice;
  readonly settings: Settings & { readonly seed: number };
  /** paths */
  readonly files: {
    readonly product: string;
    readonly reference: string;
    readonly productMask?: string;
    readonly referenceMask?: string;
  };
  /** where the results go; the variants that an earlier attempt has finished are there */
  readonly outDir: string;
  readonly previews: boolean;
}

/** A question to a helper. It has an id as a job has, and takes its turn among them. */
export type AssistRequest = { readonly jobId: string; readonly picture: PictureFile } & (
  | { readonly task: "segment"; readonly points: readonly Point[] }
  | { readonly task: "describe" }
);

/** From the main process to the engine's. */
export type EngineCommand =
  | { readonly type: "run"; readonly request: EngineRequest }
  | { readonly type: "assist"; readonly request: AssistRequest }
  | { readonly type: "cancel"; readonly jobId: string };

const jobId = { jobId: z.string() };
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** What a helper answers: a PNG, white = object, or a sentence. */
const answerSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("segmented"), png: bytes }),
  z.strictObject({ type: z.literal("described"), text: z.string() }),
]);
export type AssistAnswer = z.output<typeof answerSchema>;

/** From the engine's process. It is ours, but it has just decoded strangers' pictures: what it says is checked. */
export const engineMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ ...progressSchema.shape, ...jobId }),
  z.strictObject({ ...variantDoneSchema.shape, ...jobId }),
  z.strictObject({ ...warningSchema.shape, ...jobId }),
  z.strictObject({ ...progressSchema.shape, ...jobId, type: z.literal("preview"), jpeg: bytes }),
  z.strictObject({ ...doneSchema.shape, ...jobId, rssBytes: z.int().min(0) }),
  z.strictObject({ type: z.literal("answered"), ...jobId, answer: answerSchema }),
  z.strictObject({
    type: z.literal("failed"),
    ...jobId,
    code: z.enum(errorCodes),
    message: z.string(),
    /** for the log only */
    detail: z.string(),
  }),
  z.strictObject({ type: z.literal("cancelled"), ...jobId }),
]);
export type EngineMessage = z.output<typeof engineMessageSchema>;
