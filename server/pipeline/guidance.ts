/**
 * Classifier-free guidance (Ho and Salimans 2022): unconditional + scale · (conditional − unconditional), then rescaled.
 * @param predictions [2, …]: the unconditional half, then the conditional half; [1, …] (no guidance) comes back as it is
 * @param rescale φ of Lin et al. 2023 (arXiv 2305.08891) §3.4, as diffusers' `rescale_noise_cfg`: the result's standard
 *   deviation moves towards the conditional prediction's
 */
export function guide(predictions: Float32Array, batch: 1 | 2, scale: number, rescale: number): Float32Array {
  if (batch === 1) return predictions;
  const half = predictions.length / 2;
  const unconditional = predictions.subarray(0, half);
  const conditional = predictions.subarray(half);
  const guided = unconditional.map((u, i) => u + scale * ((conditional[i] ?? 0) - u));
  if (rescale === 0) return guided;
  const factor = rescale * (standardDeviation(conditional) / standardDeviation(guided)) + (1 - rescale);
  return guided.map((value) => value * factor);
}

function standardDeviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}
