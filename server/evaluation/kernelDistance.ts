/** A picture's features and the scene it belongs to. */
export interface Sample {
  readonly features: ArrayLike<number>;
  readonly scene: string;
}

/**
 * KID of Bińkowski et al. 2018 (arXiv 1801.01401): the unbiased estimate of MMD² with k(x, y) = (x·y / d + 1)³,
 * mean k(xᵢ,xⱼ) + mean k(yᵢ,yⱼ) − 2 mean k(xᵢ,yⱼ). All three means leave out pairs of the same scene, which are not independent: two
 * seeds, or a picture and the render that it shares a product with. It may come out below 0.
 */
export function kernelDistance(a: readonly Sample[], b: readonly Sample[]): number {
  return meanKernel(a, a) + meanKernel(b, b) - 2 * meanKernel(a, b);
}

function meanKernel(a: readonly Sample[], b: readonly Sample[]): number {
  let [sum, count] = [0, 0];
  for (const x of a) {
    for (const y of b) {
      if (x.scene === y.scene) continue;
      sum += kernel(x.features, y.features);
      count++;
    }
  }
  if (count === 0) throw new Error("kernelDistance: expected pictures of two scenes or more");
  return sum / count;
}

function kernel(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let dot = 0;
  for (let i = 0; i < x.length; i++) dot += (x[i] ?? 0) * (y[i] ?? 0);
  return (dot / x.length + 1) ** 3;
}
