import { BackdropError } from "../../shared/errors.ts";
import type { Provider, TargetChoice } from "../../shared/providers.ts";
import { type ProviderTry, providerTrySchema } from "../engine/providerCheck.ts";
import type { Io } from "./io.ts";
import { askProviderChild } from "./providerChild.ts";

/**
 * The target, with the operators that it runs with best as far as `doctor` has found out. Throws `invalid_params` where a provider that was named cannot run here, which a first job would find out only when pictures have been chosen.
 * Takes no time at all for the CPU.
 * @param tryIt where the runtime is: in a process that loads it, unless this one has it anyway
 */
export async function requireProvider(choice: TargetChoice, io: Io, tryIt = tryInChild(io)): Promise<TargetChoice> {
  const { provider } = choice;
  if (provider === "auto" || provider === "cpu") return choice;
  return triedTarget(choice, await tryIt({ ...choice, provider }), io);
}

type NamedTarget = TargetChoice & { readonly provider: Provider };

function tryInChild({ signal }: Io): (named: NamedTarget) => Promise<ProviderTry> {
  return ({ provider, precision }) => askProviderChild(providerTrySchema, [provider, precision], { signal });
}

/** Refuses what `doctor` found wrong, and what cannot run. What has nothing to do with the provider, such as a damaged embedded model, is left to the jobs that need it. */
export function triedTarget(choice: TargetChoice, tried: ProviderTry, io: Pick<Io, "stderr">): TargetChoice {
  const { provider, precision } = choice;
  if (tried.type === "wrong") {
    const found = `doctor compared it with the CPU in ${precision}, and no kind of operators was right`;
    const advice = "choose cpu or another precision, and run backdrop doctor again once the driver is updated";
    throw new BackdropError("invalid_params", `provider ${provider}: ${found}; ${advice}`);
  }
  if (tried.warning !== undefined) io.stderr(`warning: ${tried.warning}\n`);
  if (tried.type === "runs" || (tried.code !== "invalid_params" && tried.code !== "internal")) {
    return { ...choice, operators: tried.operators };
  }
  const message = tried.message.startsWith("provider") ? tried.message : `provider ${provider}: ${tried.message}`;
  throw new BackdropError(
    "invalid_params",
    `${message}; backdrop doctor tries all that are here${libraries(provider)}`,
  );
}

/** Those of CUDA are too large to come with the program. */
function libraries(provider: TargetChoice["provider"]): string {
  return provider === "cuda" ? ", and npm run cuda:install fetches CUDA's libraries (Linux x64)" : "";
}
