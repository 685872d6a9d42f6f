import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import type { Sampler, Trajectory } from "./sampler.ts";
import { levelAt, mix, noiseSchedule, predictClean } from "./schedule.ts";

/** The steps of the schedule that latent consistency models were distilled on; fewer or as many are run. */
const distilledSteps = 50;
/** Luo et al. 2023, §4: σ_data, and the factor on t as released */
const sigmaData = 0.5;
const timestepScaling = 10;

/**
 * Multistep sampling of latent consistency models (Luo et al. 2023, arXiv 2310.04378, Alg. 3), as diffusers' LCMScheduler: each
 * step goes to f(x_t) = c_skip·x_t + c_out·x₀, then back to the next timestep with noise of its own.
 */
export function createLcm(config: SchedulerConfig, { steps, strength, draw }: Trajectory): Sampler {
  const schedule = noiseSchedule(config);
  const timesteps = consistencyTimesteps(config.num_train_timesteps, steps, strength);

  return {
    timesteps,
    addNoise: (clean, noise, timestep) => mix(levelAt(schedule, timestep), clean, noise),
    step(prediction, index, latents) {
      const timestep = timesteps[index] ?? -1;
      const clean = predictClean(config, levelAt(schedule, timestep), latents, prediction);
      const { skip, out } = boundaryScales(timestep);
      const predictedClean = latents.map((x, i) => skip * x + out * (clean[i] ?? 0));
      const nextTimestep = timesteps[index + 1];
      const next =
        nextTimestep === undefined
          ? predictedClean
          : mix(levelAt(schedule, nextTimestep), predictedClean, draw(latents.length));
      return { next, predictedClean };
    },
  };
}

/** c_skip and c_out, by which f(x_t) = x_t at t = 0. */
function boundaryScales(timestep: number): { readonly skip: number; readonly out: number } {
  const t = timestep * timestepScaling;
  const norm = t ** 2 + sigmaData ** 2;
  return { skip: sigmaData ** 2 / norm, out: t / Math.sqrt(norm) };
}

/** So many of the distilled timesteps, evenly from the noisiest that `strength` allows; all of those where there are no more. */
function consistencyTimesteps(trainTimesteps: number, steps: number, strength: number): readonly number[] {
  const stride = Math.floor(trainTimesteps / distilledSteps);
  const allowed = Math.max(Math.floor(distilledSteps * strength), 1);
  const count = Math.min(steps, allowed);
  return Array.from({ length: count }, (_, i) => (allowed - Math.floor((i * allowed) / count)) * stride - 1);
}
