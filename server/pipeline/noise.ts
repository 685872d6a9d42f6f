import type { LatentDims } from "./latents.ts";

/** The next `count` samples, an even number, of one stream of noise. */
export type DrawNoise = (count: number) => Float32Array;

/**
 * Standard normal samples from a 32-bit seed: xoshiro128** (Blackman and Vigna 2018) through the polar method
 * (Marsaglia 1964). Only operations that IEEE 754 rounds exactly are used (+ − × ÷ √, and a logarithm made of them), so
 * a seed gives the same bytes on every machine; `Math.log` and `Math.cos` promise no such thing.
 */
export function noiseStream(seed: number): DrawNoise {
  const nextUint32 = xoshiro128(seed);
  /** in (−1, 1), never 0 */
  const uniform = () => (nextUint32() + 0.5) / 2 ** 31 - 1;
  return (count) => {
    const samples = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      let [u, v, square] = [0, 0, 0];
      do {
        u = uniform();
        v = uniform();
        square = u * u + v * v;
      } while (square >= 1);
      const radius = Math.sqrt((-2 * naturalLog(square)) / square);
      samples[i] = u * radius;
      if (i + 1 < count) samples[i + 1] = v * radius;
    }
    return samples;
  };
}

/**
 * Blue noise of white noise ε [1, C, H, W]: ε − B∗ε, B = (1 2 1)ᵀ(1 2 1)/16, edges repeated. It has nothing that is coarser than a few elements.
 * Huang et al. 2024 (arXiv 2402.04930) train with such noise.
 */
export function blueNoise(white: Float32Array, [, , height, width]: LatentDims): Float32Array {
  const smooth = smoothed(smoothed(white, width, 1), height, width);
  return white.map((value, i) => value - (smooth[i] ?? 0));
}

/** (x₋₁ + 2x + x₊₁)/4 along an axis of `count` places that lie `stride` apart. */
function smoothed(samples: Float32Array, count: number, stride: number): Float32Array {
  return samples.map((value, i) => {
    const place = Math.floor(i / stride) % count;
    const before = place > 0 ? (samples[i - stride] ?? 0) : value;
    const after = place < count - 1 ? (samples[i + stride] ?? 0) : value;
    return (before + 2 * value + after) / 4;
  });
}

function xoshiro128(seed: number): () => number {
  // splitmix32 spreads the seed over the state, as the authors advise
  let mixer = seed >>> 0;
  const splitmix = () => {
    mixer = (mixer + 0x9e3779b9) >>> 0;
    let z = mixer;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [s0, s1, s2, s3] = [splitmix(), splitmix(), splitmix(), splitmix()];
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotateLeft(s3, 11);
    return result;
  };
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** ln x for normal x > 0: x = m · 2^e with m in [√½, √2), and ln m = 2·atanh((m − 1)/(m + 1)) by its series. */
export function naturalLog(x: number): number {
  let [mantissa, exponent] = [x, 0];
  for (; mantissa >= Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  // s² ≤ 0.0295, so the first term left out, s^25 / 25, is below one unit in the last place
  for (let k = 23; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return 2 * s * sum + exponent * Math.LN2;
}
