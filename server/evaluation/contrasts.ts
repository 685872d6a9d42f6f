import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { averagePool, mapPlane, type Plane } from "../pipeline/plane.ts";

/** At a picture's size, at a half, a quarter and an eighth of it. */
export const scales = 4;
/** Weights below this are none. */
export const soft = 1e-3;

/** Squares of the differences to the next pixel along one axis at one scale, and how far both pixels count. */
export interface Contrast {
  readonly squares: Plane;
  readonly weight: Plane;
}

/** The contrasts of neighbours at every scale, across and down, of the mean of the channels; the product, where it covers a pixel even in part, does not count. */
export function contrasts(image: RgbaImage, product: GreyImage): readonly Contrast[] {
  let [grey, weight] = [greyOf(image), backgroundOf(product)];
  return Array.from({ length: scales }, (_, scale) => {
    if (scale > 0) [grey, weight] = halved(grey, weight);
    return [differences(grey, weight, 1, 0), differences(grey, weight, 0, 1)];
  }).flat();
}

/** 1 where nothing of the product is. */
export function backgroundOf({ width, height, data }: GreyImage): Plane {
  return { width, height, data: Float32Array.from(data, (coverage) => (coverage === 0 ? 1 : 0)) };
}

/** One channel, 0 … 1. */
export function channelOf({ width, height, data }: RgbaImage, channel: number): Plane {
  const value = (_: unknown, i: number) => (data[4 * i + channel] ?? 0) / 255;
  return { width, height, data: Float32Array.from({ length: width * height }, value) };
}

export function weighted(values: Plane, weight: Plane): Plane {
  return mapPlane(values, (value, i) => value * (weight.data[i] ?? 0));
}

function greyOf(image: RgbaImage): Plane {
  const [red, green, blue] = [channelOf(image, 0), channelOf(image, 1), channelOf(image, 2)];
  return mapPlane(red, (value, i) => (value + (green.data[i] ?? 0) + (blue.data[i] ?? 0)) / 3);
}

/** At half the size, means of what counts. */
function halved(grey: Plane, weight: Plane): readonly [Plane, Plane] {
  const [sums, counts] = [averagePool(weighted(grey, weight), 2), averagePool(weight, 2)];
  return [mapPlane(sums, (sum, i) => sum / Math.max(counts.data[i] ?? 0, soft)), counts];
}

/** There is no neighbour beyond the edge. */
function differences(grey: Plane, weight: Plane, dx: 0 | 1, dy: 0 | 1): Contrast {
  const { width, height } = grey;
  const [squares, both] = [new Float32Array(width * height), new Float32Array(width * height)];
  for (let y = 0; y + dy < height; y++) {
    for (let x = 0; x + dx < width; x++) {
      const [here, there] = [y * width + x, (y + dy) * width + x + dx];
      squares[here] = ((grey.data[there] ?? 0) - (grey.data[here] ?? 0)) ** 2;
      both[here] = (weight.data[there] ?? 0) * (weight.data[here] ?? 0);
    }
  }
  return { squares: { width, height, data: squares }, weight: { width, height, data: both } };
}
