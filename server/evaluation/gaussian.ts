import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** The normal distribution fitted to feature vectors: mean [d] and unbiased covariance [d, d]. */
export interface Gaussian {
  readonly mean: readonly number[];
  readonly covariance: Matrix;
}

export type Features = readonly ArrayLike<number>[];

/** μ = Σx / n, Σ = Σ(x − μ)(x − μ)ᵀ / (n − 1) over n ≥ 2 vectors. */
export function fitGaussian(features: Features): Gaussian {
  const count = features.length;
  const width = features[0]?.length ?? 0;
  if (count < 2) throw new Error(`fitGaussian: expected two vectors or more, got ${count}`);
  const samples = new Matrix(features.map((vector) => Array.from(vector)));
  const mean = samples.mean("column");
  const centred = samples.subRowVector(mean);
  const covariance =
    width === 0
      ? new Matrix(0, 0)
      : centred
          .transpose()
          .mmul(centred)
          .div(count - 1);
  return { mean, covariance };
}

/** S^½ of a symmetric positive semi-definite matrix; eigenvalues that rounding made negative count as 0. */
export function squareRoot(symmetric: Matrix): Matrix {
  const { eigenvectorMatrix: vectors, realEigenvalues } = decompose(symmetric);
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0))));
  return vectors.mmul(roots).mmul(vectors.transpose());
}

/** Tr S^½ of a symmetric positive semi-definite matrix. */
export function traceOfSquareRoot(symmetric: Matrix): number {
  return decompose(symmetric).realEigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(value, 0)), 0);
}

function decompose(symmetric: Matrix): EigenvalueDecomposition {
  return new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
}
