import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import type { Sampler, Trajectory } from "./sampler.ts";
import {
  atStrength,
  levelAt,
  levelsOf,
  mix,
  moveTo,
  noiseSchedule,
  predictClean,
  spacedTimesteps,
  withSomeSignal,
} from "./schedule.ts";

/**
 * Euler's method on the probability flow (Karras et al. 2022, arXiv 2206.00364, Alg. 1 without churn), as diffusers'
 * EulerDiscreteScheduler. With y = x/α and s = σ/α it is y' = y + (s' − s)·(y − x₀)/s, which in x is `moveTo`: DDIM, but each
 * step goes to the next timestep that is run, and the last to the picture itself.
 */
export function createEuler(
  config: SchedulerConfig,
  { steps, strength }: Pick<Trajectory, "steps" | "strength">,
): Sampler {
  const schedule = withSomeSignal(noiseSchedule(config));
  const timesteps = atStrength(spacedTimesteps(config, steps), strength);
  const level = levelsOf(schedule, timesteps);

  return {
    timesteps,
    addNoise: (clean, noise, timestep) => mix(levelAt(schedule, timestep), clean, noise),
    step(prediction, index, latents) {
      const predictedClean = predictClean(config, level(index), latents, prediction);
      return { next: moveTo(level(index + 1), level(index), latents, predictedClean), predictedClean };
    },
  };
}
