import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import type { Sampler } from "./sampler.ts";
import {
  levelAt,
  levelsOf,
  mix,
  moveTo,
  type NoiseLevel,
  noiseSchedule,
  predictClean,
  withSomeSignal,
} from "./schedule.ts";

/** The x₀ that a step moves towards, from the one predicted at the `index`-th timestep; `level` gives the noise there. */
export type Aim = (clean: Float32Array, index: number, level: (index: number) => NoiseLevel) => Float32Array;

/** From each timestep straight to the next that is run, and from the last to the picture itself. */
export function createDescent(config: SchedulerConfig, timesteps: readonly number[], aim: Aim): Sampler {
  const schedule = withSomeSignal(noiseSchedule(config));
  const level = levelsOf(schedule, timesteps);
  return {
    timesteps,
    addNoise: (clean, noise, timestep) => mix(levelAt(schedule, timestep), clean, noise),
    step(prediction, index, latents) {
      const predictedClean = predictClean(config, level(index), latents, prediction);
      return {
        next: moveTo(level(index + 1), level(index), latents, aim(predictedClean, index, level)),
        predictedClean,
      };
    },
  };
}
