import type { Fusion, Settings } from "../../shared/settings.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import type { Job } from "./job.ts";

/** Settings in which everything that a model has its own default for is decided. */
export type ResolvedSettings<S extends Settings = Settings> = S & {
  readonly fusion: Fusion;
  readonly strength: number;
};

/** A job whose settings leave nothing to the model. */
export type ResolvedJob = Job & { readonly settings: ResolvedSettings<Job["settings"]> };

/** Fills in what the request leaves to the model. Text alone starts from pure noise: the reference must not count there. */
export function withModelDefaults<S extends Settings>(settings: S, model: ModelPackage): ResolvedSettings<S> {
  const fusion = settings.fusion ?? model.fusion;
  const strength = settings.strength ?? (fusion === "text" ? 1 : model.strength);
  return { ...settings, fusion, strength };
}
