import { z } from "zod";
import { toBackdropError } from "../../shared/errors.ts";
import { type Operators, operatorsOf, type Provider, type ProviderChoice, providers } from "../../shared/providers.ts";
import { fastestRight, type RightCheck, verdicts } from "../engine/fastestRight.ts";
import { type ProviderCheck, providerCheckSchema } from "../engine/providerCheck.ts";
import type { Finding } from "./finding.ts";
import { askProviderChild } from "./providerChild.ts";

/**
 * Compares providers with the CPU, and remembers which of their operators are the fastest right ones here. A GPU is no need, unless it was
 * named. What the runtime knows is tried, since only that tells.
 */
export async function* gpuFindings(chosen: ProviderChoice): AsyncGenerator<Finding> {
  const { listProviders } = await import("../runtime/providers.ts").catch(() => ({ listProviders: () => [] }));
  const known = new Set(listProviders().map(({ name }) => name));
  for (const provider of providers) {
    if (provider === "auto" || provider === "cpu" || (chosen !== "auto" && chosen !== provider)) continue;
    const best = known.has(provider) ? yield* compared(provider) : [];
    if (chosen === provider && best.length === 0) {
      const fix = provider === "cuda" ? { fix: "npm run cuda:install" } : {};
      yield { about: `provider ${provider}`, ok: false, found: "cannot be used on this computer", ...fix };
    }
  }
}

/** Gives the best of each precision. */
async function* compared(provider: Provider): AsyncGenerator<Finding, readonly RightCheck[]> {
  const checks: ProviderCheck[] = [];
  // Each kind in a process of its own: one that a driver does not survive says nothing of the other.
  for (const operators of operatorsOf[provider]) checks.push(...(await checksOf(provider, operators)));
  const best = fastestRight(checks);
  const [first] = checks;
  if (first?.type === "fails" && checks.every((check) => check.type === "fails" && check.message === first.message)) {
    yield { about: provider, ok: false, isOptional: true, found: `not usable: ${first.message}` };
  } else for (const check of checks) yield findingOf(provider, check, best);
  try {
    const { rememberOperators } = await import("../engine/measuredOperators.ts");
    const found = verdicts(checks);
    await rememberOperators(provider, found);
    const restart = "what was found is remembered; a running server follows it after a restart";
    if (found.length > 0) yield { about: `provider ${provider}`, ok: true, found: restart };
  } catch (error) {
    const found = `what was found cannot be remembered: ${toBackdropError(error).message}`;
    yield { about: `provider ${provider}`, ok: false, isOptional: true, found };
  }
  return best;
}

async function checksOf(provider: Provider, operators: Operators): Promise<readonly ProviderCheck[]> {
  try {
    return await askProviderChild(z.array(providerCheckSchema), [provider, operators]);
  } catch (error) {
    return [{ type: "fails", precision: "fp32", operators, message: toBackdropError(error).message }];
  }
}

function findingOf(provider: Provider, check: ProviderCheck, best: readonly RightCheck[]): Finding {
  const { precision, operators } = check;
  const about = `${provider} in ${precision} with ${operators} operators`;
  const used = best.find((other) => other.precision === precision);
  const instead = used === undefined ? "do not use it here" : `${used.operators} operators are used instead`;
  switch (check.type) {
    case "fails":
      return { about, ok: false, isOptional: true, found: `not usable: ${check.message}; ${instead}` };
    case "differs": {
      const by = check.error === null ? "is no number" : `differs from the CPU's by ${percent(check.error)}`;
      return { about, ok: false, isOptional: true, found: `wrong here, ${check.graph} ${by}: ${instead}` };
    }
    case "runs": {
      const { error, stepMs, cpuStepMs } = check;
      const speed = `a step of the embedded model takes ${stepMs.toFixed(0)} ms, on the CPU ${cpuStepMs.toFixed(0)} ms`;
      const found = `differs from the CPU by ${percent(error)}; ${speed}`;
      if (check !== used) return { about, ok: true, found: `${found}: ${instead}` };
      if (stepMs >= cpuStepMs) return { about, ok: true, found: `${found}: nothing is gained by it here` };
      const command = `backdrop start --provider ${provider} --precision ${precision}`;
      return { about, ok: true, found, start: { command, stepMs } };
    }
  }
}

function percent(part: number): string {
  return `${(100 * part).toPrecision(2)} %`;
}
