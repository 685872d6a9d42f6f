import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { schedulerSchema } from "../../../server/checkpoint/modelPackage.ts";
import { guide } from "../../../server/pipeline/guidance.ts";
import { createSampler, type Sampler } from "../../../server/pipeline/samplers/sampler.ts";
import { type SamplerName, samplers } from "../../../shared/settings.ts";

interface Run {
  readonly sampler: SamplerName;
  readonly name: string;
  readonly config: unknown;
  readonly steps: number;
  readonly strength: number;
  readonly timesteps: readonly number[];
  readonly noised: { readonly timestep: number; readonly values: readonly number[] };
  readonly trajectory: readonly { readonly next: readonly number[]; readonly predictedClean: readonly number[] }[];
  /** the noise that was added on the way */
  readonly drawn: readonly (readonly number[])[];
}

// Written by test/fixtures/samplers/make.py from diffusers.
const fixture: {
  readonly start: readonly number[];
  readonly clean: readonly number[];
  readonly runs: readonly Run[];
  readonly guidance: {
    readonly scale: number;
    readonly rescale: number;
    readonly plain: readonly number[];
    readonly rescaled: readonly number[];
  };
} = JSON.parse(readFileSync(new URL("../../fixtures/samplers/samplers.json", import.meta.url), "utf8"));

const start = Float32Array.from(fixture.start);
const clean = Float32Array.from(fixture.clean);

for (const { sampler, name, config, steps, strength, timesteps, noised, trajectory, drawn } of fixture.runs) {
  const create = () => {
    const noises = [...drawn];
    const draw = () => Float32Array.from(noises.shift() ?? []);
    return createSampler(sampler, schedulerSchema.parse(config), { steps, strength, draw });
  };

  test(`${sampler}, ${name}, ${steps} steps: the trajectory of diffusers`, () => {
    const one = create();
    expect(one.timesteps).toEqual(timesteps);
    let latents: Float32Array = start;
    trajectory.forEach((expected, i) => {
      const { next, predictedClean } = one.step(standIn(latents, timesteps[i] ?? 0), i, latents);
      // x₀ from ε is divided by α ≥ 0.07, which magnifies the float32 rounding of the latents.
      expect(worstError(predictedClean, expected.predictedClean)).toBeLessThan(i === 0 ? 1e-5 : 1e-4);
      expect(worstError(next, expected.next)).toBeLessThan(1e-5);
      latents = next;
    });
  });

  test(`${sampler}, ${name}, ${steps} steps: noise is added as diffusers does`, () => {
    expect(worstError(create().addNoise(clean, start, noised.timestep), noised.values)).toBeLessThan(1e-6);
  });
}

test("strength runs the last, less noisy part of the steps, at least one", () => {
  const leading = schedulerSchema.parse(fixture.runs[0]?.config);
  for (const name of ["ddim", "euler", "dpmpp_2m"] as const) {
    const at = (strength: number) => createSampler(name, leading, { steps: 30, strength, draw: noNoise }).timesteps;
    expect(at(1)).toHaveLength(30);
    expect(at(0.5)).toEqual(at(1).slice(15));
    expect(at(0.001)).toEqual(at(1).slice(29));
  }
});

test("LCM keeps its number of steps at any strength, up to what it was distilled on", () => {
  const config = schedulerSchema.parse(fixture.runs[0]?.config);
  const at = (steps: number, strength: number) =>
    createSampler("lcm", config, { steps, strength, draw: noNoise }).timesteps;
  expect(at(4, 0.5)).toHaveLength(4);
  expect(at(4, 0.5)[0]).toBe(499);
  expect(at(150, 1)).toHaveLength(50);
  expect(at(4, 0.001)).toEqual([19]);
});

test("every sampler ends at what it predicts last, and starts from pure noise where the schedule does", () => {
  const mini = schedulerSchema.parse(fixture.runs.find(({ name }) => name.includes("mini"))?.config);
  for (const name of samplers.filter((sampler) => sampler !== "ddim")) {
    const sampler = createSampler(name, mini, { steps: 4, strength: 1, draw: () => start });
    expect(lastStep(sampler)).toBeLessThan(1e-6);
    expect(worstError(sampler.addNoise(clean, start, 999), fixture.start)).toBeLessThan(5e-4);
  }
});

test("a schedule that says nothing at its noisiest step is refused", () => {
  const config = { beta_start: 0.1, beta_end: 0.2, beta_schedule: "linear", rescale_betas_zero_snr: true };
  expect(schedulerSchema.safeParse(config).success).toBe(false);
});

test("guidance and its rescaling are those of diffusers", () => {
  const { scale, rescale, plain, rescaled } = fixture.guidance;
  const both = Float32Array.from([...start, ...clean]);
  expect(worstError(guide(both, 2, scale, 0), plain)).toBeLessThan(1e-5);
  expect(worstError(guide(both, 2, scale, rescale), rescaled)).toBeLessThan(1e-5);
  expect(guide(start, 1, scale, rescale)).toBe(start);
});

/** The same smooth function as in the script that made the fixture. */
function standIn(latents: Float32Array, timestep: number): Float32Array {
  return latents.map((x) => Math.sin(3 * x) * 0.5 + 0.3 * x + timestep / 2000);
}

/** How far the last latents are from the x₀ predicted at the last step. */
function lastStep(sampler: Sampler): number {
  let latents: Float32Array = start;
  let distance = Number.NaN;
  sampler.timesteps.forEach((timestep, i) => {
    const { next, predictedClean } = sampler.step(standIn(latents, timestep), i, latents);
    distance = worstError(next, [...predictedClean]);
    latents = next;
  });
  return distance;
}

function noNoise(): Float32Array {
  throw new Error("no noise is drawn here");
}

/** relative where values exceed 1 */
function worstError(actual: Float32Array, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((worst, value, i) => {
    const wanted = expected[i] ?? Number.NaN;
    return Math.max(worst, Math.abs(value - wanted) / Math.max(1, Math.abs(wanted)));
  }, 0);
}
