import * as ort from "onnxruntime-node";
import { BackdropError } from "../../shared/errors.ts";
import { operatorsOf, requirePrecision, type Target, type TargetChoice } from "../../shared/providers.ts";

export const runtimeVersion: string = ort.env.versions.node ?? ort.env.versions.common;

/** The execution providers that this onnxruntime-node knows, and whether their libraries came with it. */
export function listProviders(): readonly { readonly name: string; readonly bundled: boolean }[] {
  return ort.listSupportedBackends();
}

/** `auto` is the CPU until another provider's graphs have been checked against it; a named one has to be known here. */
export function chooseTarget({ provider: choice, precision, operators }: TargetChoice): Target {
  requirePrecision({ provider: choice, precision });
  const provider = choice === "auto" ? "cpu" : choice;
  const known = listProviders().map(({ name }) => name);
  if (provider === "cpu" || known.includes(provider)) {
    return { provider, precision, operators: operators ?? operatorsOf[provider][0] };
  }
  throw new BackdropError(
    "invalid_params",
    `provider: expected one that this machine has (auto, ${known.join(", ")}), got ${choice}`,
  );
}
