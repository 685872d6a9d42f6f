import type { SchedulerConfig } from "../checkpoint/modelPackage.ts";

/**
 * DDIM (Song et al. 2021, arXiv 2010.02502, Eq. 12 with η = 0), step for step as diffusers' DDIMScheduler, in float64.
 * ᾱ is `alphas_cumprod`: a latent at timestep t is x_t = √ᾱ_t·x₀ + √(1 − ᾱ_t)·ε.
 */
export interface Ddim {
  /** from most to least noise; those that are run when `strength` lets only the last part run (as in image-to-image) */
  timesteps(strength: number): readonly number[];
  /** x_t from x₀ and ε */
  addNoise(clean: Float32Array, noise: Float32Array, timestep: number): Float32Array;
  /** one step from x_t and the model's prediction to the next x, and the x₀ predicted on the way */
  step(prediction: Float32Array, timestep: number, latents: Float32Array): DdimStep;
}

export interface DdimStep {
  readonly next: Float32Array;
  readonly predictedClean: Float32Array;
}

export function createDdim(config: SchedulerConfig, steps: number): Ddim {
  const alphasCumprod = cumulativeAlphas(config);
  const stride = Math.floor(config.num_train_timesteps / steps);
  const all = spacedTimesteps(config, steps);
  const at = (timestep: number) => alphasCumprod[timestep] ?? fail(timestep);
  const finalAlpha = config.set_alpha_to_one ? 1 : at(0);

  return {
    timesteps(strength) {
      const count = Math.min(Math.max(Math.floor(steps * strength), 1), steps);
      return all.slice(steps - count);
    },

    addNoise(clean, noise, timestep) {
      const signal = Math.sqrt(at(timestep));
      const sigma = Math.sqrt(1 - at(timestep));
      return clean.map((x, i) => signal * x + sigma * (noise[i] ?? 0));
    },

    step(prediction, timestep, latents) {
      const alpha = at(timestep);
      const previousTimestep = timestep - stride;
      const alphaNext = previousTimestep >= 0 ? at(previousTimestep) : finalAlpha;
      const [signal, sigma] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      const [signalNext, sigmaNext] = [Math.sqrt(alphaNext), Math.sqrt(1 - alphaNext)];
      const next = new Float32Array(latents.length);
      const predictedClean = new Float32Array(latents.length);
      for (let i = 0; i < latents.length; i++) {
        const x = latents[i] ?? 0;
        const p = prediction[i] ?? 0;
        const isV = config.prediction_type === "v_prediction";
        const clean = isV ? signal * x - sigma * p : (x - sigma * p) / signal;
        const noise = isV ? signal * p + sigma * x : p;
        predictedClean[i] = clean;
        next[i] = signalNext * clean + sigmaNext * noise;
      }
      return { next, predictedClean };
    },
  };
}

/** ᾱ_t = Π (1 − β_s), s ≤ t; `linear` in β or (`scaled_linear`) in √β. */
function cumulativeAlphas(config: SchedulerConfig): Float64Array {
  const { num_train_timesteps: count, beta_start, beta_end } = config;
  const scaled = config.beta_schedule === "scaled_linear";
  const [from, to] = scaled ? [Math.sqrt(beta_start), Math.sqrt(beta_end)] : [beta_start, beta_end];
  let product = 1;
  const alphas = Float64Array.from({ length: count }, (_, t) => {
    const value = from + ((to - from) * t) / Math.max(count - 1, 1);
    product *= 1 - (scaled ? value ** 2 : value);
    return product;
  });
  return config.rescale_betas_zero_snr ? rescaledToZeroSnr(alphas) : alphas;
}

/** √ᾱ shifted so that the last is 0 and scaled so that the first stays (Lin et al. 2023, arXiv 2305.08891, Alg. 1). */
function rescaledToZeroSnr(alphasCumprod: Float64Array): Float64Array {
  const roots = alphasCumprod.map(Math.sqrt);
  const [first, last] = [roots[0] ?? 1, roots.at(-1) ?? 0];
  return roots.map((root) => (((root - last) * first) / (first - last)) ** 2);
}

/** Table 2 of Lin et al. 2023; most noise first. */
function spacedTimesteps(config: SchedulerConfig, steps: number): readonly number[] {
  const { num_train_timesteps: count, timestep_spacing: spacing, steps_offset: offset } = config;
  const indices = Array.from({ length: steps }, (_, i) => i);
  switch (spacing) {
    case "leading":
      return indices.map((i) => i * Math.floor(count / steps) + offset).reverse();
    case "trailing":
      return indices.map((i) => roundHalfEven(count - (i * count) / steps) - 1);
    case "linspace":
      return indices.map((i) => roundHalfEven((i * (count - 1)) / Math.max(steps - 1, 1))).reverse();
  }
}

/** numpy's rounding */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function fail(timestep: number): never {
  throw new Error(`ddim: no timestep ${timestep} in this schedule`);
}
