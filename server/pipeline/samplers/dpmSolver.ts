import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";
import { naturalLog } from "../noise.ts";
import { createDescent } from "./descent.ts";
import type { Sampler, Trajectory } from "./sampler.ts";
import { atStrength, spacedTimesteps } from "./schedule.ts";

/**
 * DPM-Solver++ 2M (Lu et al. 2022, arXiv 2211.01095, Alg. 2), as diffusers' DPMSolverMultistepScheduler of order 2: Euler's step
 * towards D, which is x₀ carried on by its change since the step before. With λ = ln(α/σ) and h = λ' − λ,
 * D = x₀ + (h / 2h before)·(x₀ − x₀ before). The first and the last step have no such past or no finite h: D = x₀.
 */
export function createDpmSolver(
  config: SchedulerConfig,
  { steps, strength }: Pick<Trajectory, "steps" | "strength">,
): Sampler {
  const timesteps = atStrength(solverTimesteps(config, steps), strength);
  let before: Float32Array | undefined;

  return createDescent(config, timesteps, (clean, index, level) => {
    const past = before;
    before = clean;
    if (past === undefined || index === timesteps.length - 1) return clean;
    const lambda = (at: number) => naturalLog(level(at).signal / level(at).sigma);
    const [h, hBefore] = [lambda(index + 1) - lambda(index), lambda(index) - lambda(index - 1)];
    const part = h / (2 * hBefore);
    return clean.map((x, i) => x + part * (x - (past[i] ?? 0)));
  });
}

/** As diffusers spaces them for this solver: of one timestep more the least noisy is left out, where it is next to no noise. */
function solverTimesteps(config: SchedulerConfig, steps: number): readonly number[] {
  return config.timestep_spacing === "trailing"
    ? spacedTimesteps(config, steps)
    : spacedTimesteps(config, steps + 1).slice(0, steps);
}
