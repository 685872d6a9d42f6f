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

const followed = {
  /** that `doctor` found best */
  operators: z.enum(operatorKinds).optional(),
  /** why what it found is not followed */
  warning: z.string().optional(),
};

/** Whether a provider runs at all, in the operators that are to be used. */
export const providerTrySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("runs"), ...followed }),
  z.strictObject({ type: z.literal("fails"), ...followed, code: z.enum(errorCodes), message: z.string() }),
  /** not tried, since `doctor` found no operators right */
  z.strictObject({ type: z.literal("wrong") }),
]);
export type ProviderTry = z.output<typeof providerTrySchema>;
