import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import { createDescent } from "./descent.ts";
import type { Sampler, Trajectory } from "./sampler.ts";
import { atStrength, spacedTimesteps } from "./schedule.ts";

/**
 * Euler's method on the probability flow (Karras et al. 2022, arXiv 2206.00364, Alg. 1 without churn), as diffusers'
 * EulerDiscreteScheduler. With y = x/α and s = σ/α it is y' = y + (s' − s)·(y − x₀)/s, which in x is `moveTo`: DDIM, but each
 * step goes to the next timestep that is run, and the last to the picture itself.
 */
export function createEuler(
  config: SchedulerConfig,
  { steps, strength }: Pick<Trajectory, "steps" | "strength">,
): Sampler {
  return createDescent(config, atStrength(spacedTimesteps(config, steps), strength), (clean) => clean);
}
