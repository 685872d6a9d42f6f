import type { SchedulerConfig } from "../../checkpoint/modelPackage.ts";

/**
 * How much of x_t is picture and how much is noise: x_t = α_t·x₀ + σ_t·ε with α_t² + σ_t² = 1. The schedulers of diffusers write
 * ᾱ_t (`alphas_cumprod`) for α_t², and those that count in σ_t/α_t scale their latents by 1/α_t; here all keep to x_t.
 */
export interface NoiseLevel {
  readonly signal: number;
  readonly sigma: number;
}

/** The picture itself. */
export const noiseless: NoiseLevel = { signal: 1, sigma: 0 };

/** ᾱ_t for each timestep of the training. */
export type Schedule = Float64Array;

/** ᾱ_t = Π (1 − β_s), s ≤ t; `linear` in β or (`scaled_linear`) in √β. */
export function noiseSchedule(config: SchedulerConfig): Schedule {
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

/** For samplers that divide by the signal: the last ᾱ, which is 0 with `rescale_betas_zero_snr`, as diffusers has it instead. */
export function withSomeSignal(schedule: Schedule): Schedule {
  return schedule.map((alpha) => (alpha === 0 ? 2 ** -24 : alpha));
}

export function levelAt(schedule: Schedule, timestep: number): NoiseLevel {
  const alpha = schedule[timestep];
  if (alpha === undefined) throw new Error(`no timestep ${timestep} in a schedule of ${schedule.length}`);
  return { signal: Math.sqrt(alpha), sigma: Math.sqrt(1 - alpha) };
}

/** The level at each of these timesteps by its index, and after the last one the picture itself. */
export function levelsOf(schedule: Schedule, timesteps: readonly number[]): (index: number) => NoiseLevel {
  return (index) => {
    const timestep = timesteps[index];
    return timestep === undefined ? noiseless : levelAt(schedule, timestep);
  };
}

/** x_t = α·x₀ + σ·ε */
export function mix({ signal, sigma }: NoiseLevel, clean: Float32Array, noise: Float32Array): Float32Array {
  return clean.map((x, i) => signal * x + sigma * (noise[i] ?? 0));
}

/** x₀ from x_t and what the model predicts: ε, or v = α·ε − σ·x₀ (Salimans and Ho 2022, arXiv 2202.00512). */
export function predictClean(
  { prediction_type }: SchedulerConfig,
  { signal, sigma }: NoiseLevel,
  latents: Float32Array,
  prediction: Float32Array,
): Float32Array {
  return prediction_type === "v_prediction"
    ? latents.map((x, i) => signal * x - sigma * (prediction[i] ?? 0))
    : latents.map((x, i) => (x - sigma * (prediction[i] ?? 0)) / signal);
}

/**
 * x' = (σ'/σ)·x + (α' − α·σ'/σ)·x₀: to another noise level along the line on which x, x₀ and the noise between them lie
 * (Song et al. 2021, arXiv 2010.02502, Eq. 12 with η = 0).
 */
export function moveTo(to: NoiseLevel, from: NoiseLevel, latents: Float32Array, clean: Float32Array): Float32Array {
  const kept = to.sigma / from.sigma;
  const fresh = to.signal - from.signal * kept;
  return latents.map((x, i) => kept * x + fresh * (clean[i] ?? 0));
}

/** Table 2 of Lin et al. 2023 (arXiv 2305.08891); most noise first. */
export function spacedTimesteps(config: SchedulerConfig, steps: number): readonly number[] {
  const { num_train_timesteps: count, timestep_spacing: spacing, steps_offset: offset } = config;
  const indices = Array.from({ length: steps }, (_, i) => i);
  switch (spacing) {
    case "leading":
      return indices.map((i) => i * Math.floor(count / steps) + offset).reverse();
    case "trailing":
      return indices.map((i) => roundHalfEven(count - (i * count) / steps) - 1);
    case "linspace":
      // numpy's order of operations, which decides how halves round
      return indices.map((i) => roundHalfEven(i * ((count - 1) / Math.max(steps - 1, 1)))).reverse();
  }
}

/** The last part of all timesteps, at least one: what runs at this strength, as in image-to-image. */
export function atStrength(timesteps: readonly number[], strength: number): readonly number[] {
  const count = Math.min(Math.max(Math.floor(timesteps.length * strength), 1), timesteps.length);
  return timesteps.slice(timesteps.length - count);
}

/** √ᾱ shifted so that the last is 0 and scaled so that the first stays (Lin et al. 2023, Alg. 1). */
function rescaledToZeroSnr(alphasCumprod: Float64Array): Float64Array {
  const roots = alphasCumprod.map(Math.sqrt);
  const [first, last] = [roots[0] ?? 1, roots.at(-1) ?? 0];
  return roots.map((root) => (((root - last) * first) / (first - last)) ** 2);
}

/** numpy's rounding */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
