import { z } from "zod";
import { fusions, samplers, settingRanges } from "./settings.ts";

/** What a model takes where the settings leave it out. */
export const modelDefaultsSchema = z.strictObject({
  fusion: z.enum(fusions),
  strength: z.number().positive().max(settingRanges.strength.max).default(1),
  sampler: z.enum(samplers).default("ddim"),
  steps: z.int().min(settingRanges.steps.min).max(settingRanges.steps.max).default(30),
  guidance: z.number().min(settingRanges.guidance.min).max(settingRanges.guidance.max).default(7.5),
});
export type ModelDefaults = Readonly<z.output<typeof modelDefaultsSchema>>;

type Undecided = { readonly [Name in keyof ModelDefaults]?: ModelDefaults[Name] | null | undefined };

/** Settings with everything decided that they leave to the model. Text alone starts from pure noise: the reference must not count there. */
export function withModelDefaults<S extends Undecided>(settings: S, model: ModelDefaults): Decided<S> {
  const fusion = settings.fusion ?? model.fusion;
  const strength = settings.strength ?? (fusion === "text" ? 1 : model.strength);
  const sampler = settings.sampler ?? model.sampler;
  const steps = settings.steps ?? model.steps;
  const guidance = settings.guidance ?? model.guidance;
  return { ...settings, fusion, strength, sampler, steps, guidance };
}

export type Decided<S> = Omit<S, keyof ModelDefaults> & ModelDefaults;
