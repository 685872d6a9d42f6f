import type { Features } from "./gaussian.ts";

/**
 * KID of Bińkowski et al. 2018 (arXiv 1801.01401): the unbiased estimate of MMD² with k(x, y) = (x·y / d + 1)³,
 * Σ_{i≠j} k(xᵢ,xⱼ) / m(m−1) + Σ_{i≠j} k(yᵢ,yⱼ) / n(n−1) − 2 Σ k(xᵢ,yⱼ) / mn. It may come out below 0.
 */
export function kernelDistance(a: Features, b: Features): number {
  return meanOfPairs(a) + meanOfPairs(b) - 2 * meanBetween(a, b);
}

function meanOfPairs(features: Features): number {
  const count = features.length;
  if (count < 2) throw new Error(`kernelDistance: expected two vectors or more, got ${count}`);
  let sum = 0;
  for (let i = 1; i < count; i++) {
    for (let j = 0; j < i; j++) sum += kernel(features[i] ?? [], features[j] ?? []);
  }
  return (2 * sum) / (count * (count - 1));
}

function meanBetween(a: Features, b: Features): number {
  let sum = 0;
  for (const x of a) for (const y of b) sum += kernel(x, y);
  return sum / (a.length * b.length);
}

function kernel(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let dot = 0;
  for (let i = 0; i < x.length; i++) dot += (x[i] ?? 0) * (y[i] ?? 0);
  return (dot / x.length + 1) ** 3;
}
