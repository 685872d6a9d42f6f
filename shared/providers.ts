/** What a model runs on; `auto` lets the machine decide. */
export const providers = ["auto", "cpu", "cuda", "dml", "coreml", "webgpu"] as const;
export type ProviderChoice = (typeof providers)[number];
export type Provider = Exclude<ProviderChoice, "auto">;
