import type { Size } from "../../shared/geometry.ts";

/** What is known of a pixel before: nothing, that it is 1, that it is 0. */
export const isOpen = 0;
export const isObject = 1;
export const isSurroundings = 2;

/** how much a pixel's own colour counts against its neighbours */
const priorWeight = 0.02;
/** of neighbours that differ completely */
const leastWeight = 1e-4;
const maxIterations = 400;
/** of the residual's length, against its first */
const precision = 1e-4;

/**
 * Minimises Σ w(x_i − x_j)² + γ Σ (p(1 − x)² + (1 − p)x²) over neighbours and pixels, with some pixels fixed at 0 or 1 and
 * w = exp(−β|Δcolour|²): a random walk with priors (Grady 2005, "Multilabel random walker image segmentation using prior
 * models"). The equations are solved by conjugate gradients.
 * @param lab three colour values a pixel
 * @param prior p of each pixel, 0 … 1
 * @param fixed of each pixel `isOpen`, `isObject` or `isSurroundings`
 */
export function randomWalk(
  lab: Float32Array,
  size: Size,
  prior: Float32Array,
  fixed: Uint8Array,
): Float32Array<ArrayBuffer> {
  const count = size.width * size.height;
  const { right, below } = edgeWeights(lab, size);
  const x = Float32Array.from(fixed, (value, i) => (value === isOpen ? (prior[i] ?? 0) : value === isObject ? 1 : 0));

  /** (Lx + γx)_i over open pixels; fixed ones have no equation */
  const apply = (v: Float32Array, out: Float32Array) => {
    for (let i = 0; i < count; i++) out[i] = priorWeight * (v[i] ?? 0);
    for (let i = 0; i < count; i++) {
      spread(v, out, i, i + 1, right[i] ?? 0);
      spread(v, out, i, i + size.width, below[i] ?? 0);
    }
    for (let i = 0; i < count; i++) if (fixed[i] !== isOpen) out[i] = 0;
  };

  const product = new Float32Array(count);
  apply(x, product);
  const residual = Float32Array.from(product, (value, i) =>
    fixed[i] === isOpen ? priorWeight * (prior[i] ?? 0) - value : 0,
  );
  const direction = residual.slice();
  let length = dot(residual, residual);
  const enough = length * precision ** 2;
  for (let iteration = 0; iteration < maxIterations && length > enough; iteration++) {
    apply(direction, product);
    const step = length / dot(direction, product);
    for (let i = 0; i < count; i++) {
      x[i] = (x[i] ?? 0) + step * (direction[i] ?? 0);
      residual[i] = (residual[i] ?? 0) - step * (product[i] ?? 0);
    }
    const next = dot(residual, residual);
    for (let i = 0; i < count; i++) direction[i] = (residual[i] ?? 0) + (next / length) * (direction[i] ?? 0);
    length = next;
  }
  return x;
}

function spread(v: Float32Array, out: Float32Array, i: number, j: number, weight: number): void {
  if (weight === 0) return;
  const flow = weight * ((v[i] ?? 0) - (v[j] ?? 0));
  out[i] = (out[i] ?? 0) + flow;
  out[j] = (out[j] ?? 0) - flow;
}

/** Of each pixel to its right and its lower neighbour; 0 where there is none. β = 1 / (2 · mean |Δ|²), as GrabCut sets it. */
function edgeWeights(lab: Float32Array, { width, height }: Size) {
  const distance = (i: number, j: number) => {
    let sum = 0;
    for (let c = 0; c < 3; c++) sum += ((lab[i * 3 + c] ?? 0) - (lab[j * 3 + c] ?? 0)) ** 2;
    return sum;
  };
  const right = new Float32Array(width * height);
  const below = new Float32Array(width * height);
  let total = 0;
  for (let i = 0; i < right.length; i++) {
    if (i % width < width - 1) total += right[i] = distance(i, i + 1);
    if (i < width * (height - 1)) total += below[i] = distance(i, i + width);
  }
  const beta = right.length / Math.max(total, 1e-6);
  for (let i = 0; i < right.length; i++) {
    const weight = (squared: number) => leastWeight + Math.exp(-beta * squared);
    right[i] = i % width < width - 1 ? weight(right[i] ?? 0) : 0;
    below[i] = i < width * (height - 1) ? weight(below[i] ?? 0) : 0;
  }
  return { right, below };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
