import { BackdropError } from "../../shared/errors.ts";
import type { Provider, TargetChoice } from "../../shared/providers.ts";
import { type ProviderTry, providerTrySchema } from "../engine/providerCheck.ts";
import { askProviderChild } from "./providerChild.ts";

/**
 * The target, with the operators that it runs with best as far as `doctor` has found out. Throws `invalid_params` where a provider that was named cannot run here, which a first job would find out only when pictures have been chosen.
 * Takes a process that loads the runtime, and no time at all for the CPU.
 */
export async function requireProvider(choice: TargetChoice, signal: AbortSignal): Promise<TargetChoice> {
  const { provider, precision } = choice;
  if (provider === "auto" || provider === "cpu") return choice;
  const tried = await askProviderChild(providerTrySchema, [provider, precision], { signal });
  refuseFailing(provider, tried);
  return tried.type === "runs" ? { ...choice, operators: tried.operators } : choice;
}

/** What has nothing to do with the provider, such as a damaged embedded model, is left to the jobs that need it. */
export function refuseFailing(provider: Provider, tried: ProviderTry): void {
  if (tried.type === "runs" || (tried.code !== "invalid_params" && tried.code !== "internal")) return;
  const message = tried.message.startsWith("provider") ? tried.message : `provider ${provider}: ${tried.message}`;
  throw new BackdropError(
    "invalid_params",
    `${message}; backdrop doctor tries all that are here${libraries(provider)}`,
  );
}

/** Those of CUDA are too large to come with the program. */
function libraries(provider: Provider): string {
  return provider === "cuda" ? ", and npm run cuda:install fetches CUDA's libraries (Linux x64)" : "";
}
