import { mean } from "./spread.ts";

/**
 * IS of Salimans et al. 2016 (arXiv 1606.03498): exp(E_x KL(p(y|x) ‖ p(y))), p(y) = E_x p(y|x), for class probabilities
 * [N, classes]. From 1 to the number of classes.
 */
export function inceptionScore(posteriors: readonly ArrayLike<number>[]): number {
  const classes = posteriors[0]?.length ?? 0;
  if (classes === 0) throw new Error("inceptionScore: expected one picture or more, got none");
  const marginal = Array.from({ length: classes }, (_, k) => mean(posteriors.map((posterior) => posterior[k] ?? 0)));
  const divergences = posteriors.map((posterior) =>
    marginal.reduce((sum, average, k) => {
      const p = posterior[k] ?? 0;
      return p > 0 ? sum + p * Math.log(p / average) : sum; // lim p→0 of p·log p is 0
    }, 0),
  );
  return Math.exp(mean(divergences));
}
