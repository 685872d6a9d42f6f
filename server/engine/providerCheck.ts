import { z } from "zod";
import { errorCodes } from "../../shared/errors.ts";
import { operatorKinds } from "../../shared/providers.ts";

// What the program that checks a provider prints (checkProviderChild.ts), for those that start it.

const compared = { precision: z.enum(["fp32", "fp16"]), operators: z.enum(operatorKinds) };

/** How a provider's graphs compare with the CPU's; errors are ‖difference‖ / ‖the CPU's output‖. */
export const providerCheckSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("runs"),
    ...compared,
    /** of the worst graph, which is no more than rounding makes */
    error: z.number(),
    /** a step of the denoiser */
    stepMs: z.number(),
    cpuStepMs: z.number(),
  }),
  /** `graph` by more than that; null: it gives no numbers */
  z.strictObject({ type: z.literal("differs"), ...compared, graph: z.string(), error: z.number().nullable() }),
  z.strictObject({ type: z.literal("fails"), ...compared, message: z.string() }),
]);
export type ProviderCheck = z.output<typeof providerCheckSchema>;

/** Whether a provider runs at all, and with which operators that was tried. */
export const providerTrySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("runs"), operators: z.enum(operatorKinds) }),
  z.strictObject({ type: z.literal("fails"), code: z.enum(errorCodes), message: z.string() }),
]);
export type ProviderTry = z.output<typeof providerTrySchema>;
