import { BackdropError } from "../../shared/errors.ts";
import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { averagePool, mapPlane, type Plane } from "../pipeline/plane.ts";
import { histogram } from "./colourLeak.ts";

const grid = 8;
const scales = 4;
const soft = 1e-3;
/** 8 cells at the smallest scale */
const sideMultiple = grid * 2 ** (scales - 1);

/**
 * What a background looks like without asking any network, [1216]: the root of its colour histogram, the mean colours of 8×8 cells, and in
 * those cells the log energy of horizontal and vertical differences of the mean of the channels, at the picture's size and at a half, a quarter and
 * an eighth of it. Pixels that the product covers, even in part, do not count. As training/scene_features.py. Sides are multiples of 64 px.
 */
export function sceneFeatures(image: RgbaImage, product: GreyImage): Float64Array {
  if (image.width % sideMultiple !== 0 || image.height % sideMultiple !== 0) {
    throw new BackdropError(
      "invalid_params",
      `data: expected pictures with sides of a multiple of ${sideMultiple} px, got ${image.width}×${image.height}; render them so`,
    );
  }
  const background = planeOf(image, (i) => (product.data[i] === 0 ? 1 : 0));
  const channel = (c: number) => planeOf(image, (i) => (image.data[4 * i + c] ?? 0) / 255);
  const [red, green, blue] = [channel(0), channel(1), channel(2)];
  const grey = planeOf(image, (i) => ((red.data[i] ?? 0) + (green.data[i] ?? 0) + (blue.data[i] ?? 0)) / 3);
  return Float64Array.from([
    ...histogram(image, product, 0).map(Math.sqrt),
    ...[red, green, blue].flatMap((plane) => cells(plane, background)),
    ...roughness(grey, background),
  ]);
}

function planeOf({ width, height }: RgbaImage, value: (index: number) => number): Plane {
  return { width, height, data: Float32Array.from({ length: width * height }, (_, i) => value(i)) };
}

/** Weighted means of 8×8 cells; near 0 where nothing counts. */
function cells(values: Plane, weight: Plane): number[] {
  const [sums, counts] = [pooled(product(values, weight)), pooled(weight)];
  return Array.from(sums.data, (sum, i) => sum / ((counts.data[i] ?? 0) + soft));
}

/** Means of 8×8 cells, whatever their shape. */
function pooled(plane: Plane): Plane {
  const [cellWidth, cellHeight] = [plane.width / grid, plane.height / grid];
  const data = new Float32Array(grid * grid);
  for (const [i, value] of plane.data.entries()) {
    const cell =
      Math.floor(Math.floor(i / plane.width) / cellHeight) * grid + Math.floor((i % plane.width) / cellWidth);
    data[cell] = (data[cell] ?? 0) + value / (cellWidth * cellHeight);
  }
  return { width: grid, height: grid, data };
}

function product(a: Plane, b: Plane): Plane {
  return { ...a, data: a.data.map((value, i) => value * (b.data[i] ?? 0)) };
}

function roughness(grey: Plane, weight: Plane): number[] {
  const found: number[] = [];
  for (let scale = 0; scale < scales; scale++) {
    for (const [dx, dy] of [
      [1, 0],
      [0, 1],
    ] as const) {
      const { steps, both } = differences(grey, weight, dx, dy);
      found.push(...cells(steps, both).map((energy) => Math.log(energy + 1e-6)));
    }
    [grey, weight] = halved(grey, weight);
  }
  return found;
}

/** At half the size, means of what counts. */
function halved(grey: Plane, weight: Plane): readonly [Plane, Plane] {
  const [sums, counts] = [averagePool(product(grey, weight), 2), averagePool(weight, 2)];
  return [mapPlane(sums, (sum, i) => sum / Math.max(counts.data[i] ?? 0, soft)), counts];
}

/** Squares of the differences to the neighbour, and how far both count; there is no neighbour beyond the edge. */
function differences(
  grey: Plane,
  weight: Plane,
  dx: 0 | 1,
  dy: 0 | 1,
): { readonly steps: Plane; readonly both: Plane } {
  const { width, height } = grey;
  const [steps, both] = [new Float32Array(width * height), new Float32Array(width * height)];
  for (let y = 0; y + dy < height; y++) {
    for (let x = 0; x + dx < width; x++) {
      const [here, there] = [y * width + x, (y + dy) * width + x + dx];
      steps[here] = ((grey.data[there] ?? 0) - (grey.data[here] ?? 0)) ** 2;
      both[here] = (weight.data[there] ?? 0) * (weight.data[here] ?? 0);
    }
  }
  return { steps: { width, height, data: steps }, both: { width, height, data: both } };
}
