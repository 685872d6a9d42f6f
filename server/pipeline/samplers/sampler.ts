import type { SamplerName } from "../../../shared/settings.ts";
import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import type { DrawNoise } from "../noise.ts";
import { createDdim } from "./ddim.ts";
import { createDpmSolver } from "./dpmSolver.ts";
import { createEuler } from "./euler.ts";
import { createLcm } from "./lcm.ts";

/**
 * One way from noise to a picture, for one picture: steps are taken in order. Latents are x_t = α_t·x₀ + σ_t·ε for every
 * sampler, which is what the model takes, so noising, blending and previews do not ask which sampler it is.
 */
export interface Sampler {
  /** those that are run, from most to least noise */
  readonly timesteps: readonly number[];
  /** x_t from x₀ and ε */
  addNoise(clean: Float32Array, noise: Float32Array, timestep: number): Float32Array;
  /** from x at the `index`-th timestep and the model's prediction there to the next x, and the x₀ predicted on the way */
  step(prediction: Float32Array, index: number, latents: Float32Array): SamplerStep;
}

export interface SamplerStep {
  readonly next: Float32Array;
  readonly predictedClean: Float32Array;
}

export interface Trajectory {
  readonly steps: number;
  /** below 1 only the last, less noisy part is run */
  readonly strength: number;
  /** noise for the samplers that add some on the way */
  readonly draw: DrawNoise;
}

export function createSampler(name: SamplerName, config: SchedulerConfig, trajectory: Trajectory): Sampler {
  switch (name) {
    case "ddim":
      return createDdim(config, trajectory);
    case "euler":
      return createEuler(config, trajectory);
    case "dpmpp_2m":
      return createDpmSolver(config, trajectory);
    case "lcm":
      return createLcm(config, trajectory);
  }
}
