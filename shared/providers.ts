import { BackdropError } from "./errors.ts";

/** What a model runs on; `auto` lets the machine decide. */
export const providers = ["auto", "cpu", "cuda", "dml", "coreml", "webgpu"] as const;
export type ProviderChoice = (typeof providers)[number];
export type Provider = Exclude<ProviderChoice, "auto">;

/**
 * How the denoiser computes. `fp16`: in half precision, on GPUs. `int8`: its linear layers on 8-bit integers, on the CPU; their weights
 * are scaled a column, what they read is scaled anew each run.
 */
export const precisions = ["fp32", "fp16", "int8"] as const;
export type Precision = (typeof precisions)[number];

/**
 * What a graph is made of. `fused`: what the provider has in one operator is one, in its fastest layout. `plain`: single operators in NCHW, the
 * same for every provider.
 */
export const operatorKinds = ["fused", "plain"] as const;
export type Operators = (typeof operatorKinds)[number];

/** What graphs for a provider may be made of; first what they are unless `doctor` has measured something better. */
export const operatorsOf: Readonly<Record<Provider, readonly [Operators, ...Operators[]]>> = {
  cpu: ["fused"],
  cuda: ["fused", "plain"],
  dml: ["fused", "plain"],
  coreml: ["plain"],
  // Its fused attention is known to be wrong on some devices.
  webgpu: ["plain", "fused"],
};

/** What a graph is written for: providers differ in the operators that they have. */
export interface Target {
  readonly provider: Provider;
  readonly precision: Precision;
  readonly operators: Operators;
}

/** What is asked for. */
export interface TargetChoice {
  readonly provider: ProviderChoice;
  readonly precision: Precision;
  /** the provider's first unless given */
  readonly operators?: Operators | undefined;
}

/** The CPU computes in float32 whatever a graph says, and only the CPU has the kernels of integers. */
export function requirePrecision({ provider, precision }: TargetChoice): void {
  const isOnCpu = provider === "cpu" || provider === "auto";
  if (precision === "fp32" || (precision === "int8") === isOnCpu) return;
  throw new BackdropError(
    "invalid_params",
    isOnCpu
      ? "precision: expected fp32 or int8 on the CPU, which computes in float32 all the same, got fp16; name a GPU's provider with it"
      : `precision: expected fp32 or fp16 on the provider ${provider}, got int8, which is for the CPU`,
  );
}

/** What every other target is compared with. */
export const referenceTarget: Target = { provider: "cpu", precision: "fp32", operators: "fused" };
