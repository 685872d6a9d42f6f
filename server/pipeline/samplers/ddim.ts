import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import type { Sampler, Trajectory } from "./sampler.ts";
import {
  atStrength,
  levelAt,
  mix,
  moveTo,
  noiseless,
  noiseSchedule,
  predictClean,
  spacedTimesteps,
} from "./schedule.ts";

/**
 * DDIM (Song et al. 2021, arXiv 2010.02502, Eq. 12 with η = 0), as diffusers' DDIMScheduler: each step goes a fixed stride of
 * timesteps further.
 */
export function createDdim(
  config: SchedulerConfig,
  { steps, strength }: Pick<Trajectory, "steps" | "strength">,
): Sampler {
  const schedule = noiseSchedule(config);
  const timesteps = atStrength(spacedTimesteps(config, steps), strength);
  const stride = Math.floor(config.num_train_timesteps / steps);
  const last = config.set_alpha_to_one ? noiseless : levelAt(schedule, 0);

  return {
    timesteps,
    addNoise: (clean, noise, timestep) => mix(levelAt(schedule, timestep), clean, noise),
    step(prediction, index, latents) {
      const timestep = timesteps[index] ?? -1;
      const from = levelAt(schedule, timestep);
      const to = timestep >= stride ? levelAt(schedule, timestep - stride) : last;
      const predictedClean = predictClean(config, from, latents, prediction);
      return { next: moveTo(to, from, latents, predictedClean), predictedClean };
    },
  };
}
