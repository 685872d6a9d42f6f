import { z } from "zod";
import { errorCodes } from "../../shared/errors.ts";

// What the program that checks a provider prints (checkProviderChild.ts), for those that start it.

/** How a provider's graphs compare with the CPU's. */
export const providerCheckSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("runs"),
    precision: z.enum(["fp32", "fp16"]),
    /** of the worst graph: ‖difference‖ / ‖the CPU's output‖ */
    error: z.number(),
    /** a step of the denoiser */
    stepMs: z.number(),
    cpuStepMs: z.number(),
  }),
  z.strictObject({ type: z.literal("fails"), precision: z.enum(["fp32", "fp16"]), message: z.string() }),
]);
export type ProviderCheck = z.output<typeof providerCheckSchema>;

/** Whether a provider runs at all. */
export const providerTrySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("runs") }),
  z.strictObject({ type: z.literal("fails"), code: z.enum(errorCodes), message: z.string() }),
]);
export type ProviderTry = z.output<typeof providerTrySchema>;
