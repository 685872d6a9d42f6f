import { type Gaussian, squareRoot, traceOfSquareRoot } from "./gaussian.ts";

/**
 * FID of Heusel et al. 2017 (arXiv 1706.08500, Eq. 6): the Fréchet distance of two normal distributions,
 * |μ₁ − μ₂|² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½). Σ₁Σ₂ is not symmetric, but has the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, which is.
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const root = squareRoot(a.covariance);
  const product = root.mmul(b.covariance).mmul(root);
  const shift = a.mean.reduce((sum, value, i) => sum + (value - (b.mean[i] ?? 0)) ** 2, 0);
  return shift + a.covariance.trace() + b.covariance.trace() - 2 * traceOfSquareRoot(product);
}
