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
