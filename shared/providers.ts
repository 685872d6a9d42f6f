/** What a model runs on; `auto` lets the machine decide. */
export const providers = ["auto", "cpu", "cuda", "dml", "coreml", "webgpu"] as const;
export type ProviderChoice = (typeof providers)[number];
export type Provider = Exclude<ProviderChoice, "auto">;

/** `int8`: the denoiser's linear layers on 8-bit integers; their weights are scaled a column, what they read is scaled anew each run. */
export const precisions = ["fp32", "int8"] as const;
export type Precision = (typeof precisions)[number];
