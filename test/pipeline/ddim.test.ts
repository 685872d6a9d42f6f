import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { schedulerSchema } from "../../server/checkpoint/modelPackage.ts";
import { createDdim } from "../../server/pipeline/ddim.ts";
import { guide } from "../../server/pipeline/guidance.ts";

interface Run {
  readonly name: string;
  readonly config: unknown;
  readonly steps: number;
  readonly timesteps: readonly number[];
  readonly noised: { readonly timestep: number; readonly values: readonly number[] };
  readonly trajectory: readonly { readonly next: readonly number[]; readonly predictedClean: readonly number[] }[];
}

// Written by test/fixtures/ddim/make.py from diffusers.
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
} = JSON.parse(readFileSync(new URL("../fixtures/ddim/ddim.json", import.meta.url), "utf8"));

const start = Float32Array.from(fixture.start);
const clean = Float32Array.from(fixture.clean);

for (const { name, config, steps, timesteps, noised, trajectory } of fixture.runs) {
  test(`${name}, ${steps} steps: the trajectory of diffusers' DDIMScheduler`, () => {
    const ddim = createDdim(schedulerSchema.parse(config), steps);
    expect(ddim.timesteps(1)).toEqual(timesteps);

    let latents: Float32Array = start;
    trajectory.forEach((expected, i) => {
      const timestep = timesteps[i] ?? 0;
      const prediction = latents.map((x) => Math.sin(3 * x) * 0.5 + 0.3 * x + timestep / 2000);
      const { next, predictedClean } = ddim.step(prediction, timestep, latents);
      // x₀ from ε is divided by √ᾱ ≥ 0.07, which magnifies float32 rounding of both sides
      expect(worstError(predictedClean, expected.predictedClean)).toBeLessThan(1e-4);
      expect(worstError(next, expected.next)).toBeLessThan(1e-5);
      latents = next;
    });
  });

  test(`${name}, ${steps} steps: noise is added as diffusers does`, () => {
    const ddim = createDdim(schedulerSchema.parse(config), steps);
    expect(worstError(ddim.addNoise(clean, start, noised.timestep), noised.values)).toBeLessThan(1e-6);
  });
}

test("a zero-SNR schedule starts from pure noise", () => {
  const mini = fixture.runs.find(({ name }) => name === "mini");
  const ddim = createDdim(schedulerSchema.parse(mini?.config), 30);
  expect(ddim.addNoise(clean, start, 999)).toEqual(start);
});

test("strength runs the last part of the steps, at least one", () => {
  const ddim = createDdim(schedulerSchema.parse(fixture.runs[0]?.config), 30);
  const all = ddim.timesteps(1);
  expect(all).toHaveLength(30);
  expect(ddim.timesteps(0.5)).toEqual(all.slice(15));
  expect(ddim.timesteps(0.001)).toEqual(all.slice(29));
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

/** relative where values exceed 1 */
function worstError(actual: Float32Array, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((worst, value, i) => {
    const wanted = expected[i] ?? Number.NaN;
    return Math.max(worst, Math.abs(value - wanted) / Math.max(1, Math.abs(wanted)));
  }, 0);
}
