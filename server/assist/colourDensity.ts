import type { RgbaImage } from "../image/rgba.ts";

/** CIE L*a*b* (D65), three a pixel. */
export function toLab({ data }: RgbaImage): Float32Array {
  const lab = new Float32Array((data.length / 4) * 3);
  for (let i = 0; i < data.length / 4; i++) {
    const linear = (channel: number) => {
      const value = (data[i * 4 + channel] ?? 0) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    const [r, g, b] = [linear(0), linear(1), linear(2)];
    const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    lab.set([116 * y - 16, 500 * (x - y), 200 * (y - z)], i * 3);
  }
  return lab;
}

function curve(t: number): number {
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
}

/** bins a side; one is 8 L* high and 12 a*, b* wide */
const bins = 16;
const binSize = [100 / bins + 0.01, 200 / bins, 200 / bins] as const;

/**
 * How likely each pixel's colour is among the pixels that `weights` picks: a smoothed histogram, mixed with an even spread
 * over all colours.
 * @param spread the part of the even spread, 0 … 1
 */
export function colourDensity(lab: Float32Array, weights: Float32Array, spread = 0.02): Float32Array {
  const at = Int32Array.from(weights, (_, i) => binOf(lab, i));
  let histogram = new Float32Array(bins ** 3);
  let total = 0;
  weights.forEach((weight, i) => {
    const bin = at[i] ?? 0;
    histogram[bin] = (histogram[bin] ?? 0) + weight;
    total += weight;
  });
  for (const stride of [1, bins, bins * bins]) histogram = smooth(histogram, stride);
  const even = 1 / occupied;
  return Float32Array.from(at, (bin) => {
    const learnt = total === 0 ? even : (histogram[bin] ?? 0) / total;
    return (1 - spread) * learnt + spread * even;
  });
}

/** bins that colours of pictures fall into, roughly: most of the cube is no colour at all */
const occupied = 600;

function binOf(lab: Float32Array, i: number): number {
  const bin = (channel: number, from: number) => {
    const value = Math.floor(((lab[i * 3 + channel] ?? 0) - from) / (binSize[channel] ?? 1));
    return Math.min(Math.max(value, 0), bins - 1);
  };
  return (bin(0, 0) * bins + bin(1, -100)) * bins + bin(2, -100);
}

/** (1, 2, 1) / 4 along one axis. */
function smooth(histogram: Float32Array, stride: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(histogram, (value, i) => {
    const place = Math.floor(i / stride) % bins;
    const before = place > 0 ? (histogram[i - stride] ?? 0) : value;
    const after = place < bins - 1 ? (histogram[i + stride] ?? 0) : value;
    return (before + 2 * value + after) / 4;
  });
}
