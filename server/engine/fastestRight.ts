import type { Operators } from "../../shared/providers.ts";
import type { ProviderCheck } from "./providerCheck.ts";

export type RightCheck = ProviderCheck & { readonly type: "runs" };

/** Of each precision the check whose step was the fastest, of those that are right; of equals the first. */
export function fastestRight(checks: readonly ProviderCheck[]): readonly RightCheck[] {
  const best = new Map<ProviderCheck["precision"], RightCheck>();
  for (const check of checks) {
    if (check.type !== "runs") continue;
    const { stepMs } = best.get(check.precision) ?? { stepMs: Number.POSITIVE_INFINITY };
    if (check.stepMs < stepMs) best.set(check.precision, check);
  }
  return [...best.values()];
}

export interface Verdict extends Pick<ProviderCheck, "precision"> {
  /** null: none is right */
  readonly operators: Operators | null;
}

/** Of each precision what to use; nothing of one that did not run, maybe for want of memory. What is wrong in float32 is so in half precision. */
export function verdicts(checks: readonly ProviderCheck[]): readonly Verdict[] {
  const right = fastestRight(checks);
  const wrong = checks.filter(({ type }) => type === "differs").map(({ precision }) => precision);
  return (["fp32", "fp16"] as const).flatMap((precision): readonly Verdict[] => {
    const best = right.find((check) => check.precision === precision);
    if (best !== undefined) return [{ precision, operators: best.operators }];
    return wrong.includes("fp32") || wrong.includes(precision) ? [{ precision, operators: null }] : [];
  });
}
