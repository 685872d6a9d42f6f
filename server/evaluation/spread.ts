import { mulberry32 } from "../../shared/mulberry32.ts";

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** independent units it rests on */
  readonly count: number;
}

const resamples = 2000;
const foldCount = 10;
/** 97.5 % point of Student's t with 9 degrees of freedom */
const studentT9 = 2.262157;

/**
 * The percentile bootstrap (Efron 1979) of any statistic that is fair under repeated units, such as a mean or a ratio of means.
 * Units are drawn with replacement, by a fixed sequence: the same data give the same interval.
 */
export function bootstrap<Unit>(units: readonly Unit[], statistic: (units: readonly Unit[]) => number): Estimate {
  const random = mulberry32(1);
  const values = Array.from({ length: resamples }, () =>
    statistic(units.map((unit) => units[Math.floor(random() * units.length)] ?? unit)),
  ).sort((a, b) => a - b);
  const at = (part: number) => values[Math.round(part * (resamples - 1))] ?? Number.NaN;
  return { value: statistic(units), low: at(0.025), high: at(0.975), count: units.length };
}

export function bootstrapMean(values: readonly number[]): Estimate {
  return bootstrap(values, mean);
}

/**
 * The grouped jackknife (ten folds left out in turn): for FID, KID and IS, whose value a bootstrap shifts because a picture
 * that is drawn twice resembles itself. ± t₉ · √((g−1)/g · Σ(θᵢ − θ̄)²).
 */
export function jackknife<Unit>(units: readonly Unit[], statistic: (units: readonly Unit[]) => number): Estimate {
  const value = statistic(units);
  const count = units.length;
  if (count < 2 * foldCount) return { value, low: Number.NaN, high: Number.NaN, count };
  const left = Array.from({ length: foldCount }, (_, fold) =>
    statistic(units.filter((_unit, i) => i % foldCount !== fold)),
  );
  const centre = mean(left);
  const squares = left.reduce((sum, each) => sum + (each - centre) ** 2, 0);
  const half = studentT9 * Math.sqrt(((foldCount - 1) / foldCount) * squares);
  return { value, low: value - half, high: value + half, count };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
