import { BackdropError } from "../../shared/errors.ts";
import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import type { Plane } from "../pipeline/plane.ts";
import { histogram } from "./colourLeak.ts";
import { backgroundOf, channelOf, contrasts, scales, soft, weighted } from "./contrasts.ts";

const grid = 8;
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
  const background = backgroundOf(product);
  const energies = contrasts(image, product).flatMap(({ squares, weight }) => cells(squares, weight));
  return Float64Array.from([
    ...histogram(image, product, 0).map(Math.sqrt),
    ...[0, 1, 2].flatMap((channel) => cells(channelOf(image, channel), background)),
    ...energies.map((energy) => Math.log(energy + 1e-6)),
  ]);
}

/** Weighted means of 8×8 cells; near 0 where nothing counts. */
function cells(values: Plane, weight: Plane): number[] {
  const [sums, counts] = [pooled(weighted(values, weight)), pooled(weight)];
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
