import type { Size } from "../../shared/geometry.ts";
import { latentStride } from "../../shared/latents.ts";
import { averagePool, type Plane } from "./plane.ts";

/** In every autoencoder of the Stable Diffusion family. */
const latentChannels = 4;

/** [1, 4, H/8, W/8] */
export type LatentDims = readonly [number, number, number, number];

/** of a picture size in px */
export function latentDims({ width, height }: Size): LatentDims {
  return [1, latentChannels, height / latentStride, width / latentStride];
}

export function latentCount(size: Size): number {
  return latentDims(size).reduce((product, dim) => product * dim, 1);
}

/** R6: a mask through the autoencoder's stride, soft. */
export function toLatentMask(mask: Plane): Plane {
  return averagePool(mask, latentStride);
}

/** z ← m·noised(product) + (1 − m)·z (Avrahami et al. 2022, arXiv 2206.02779): the product stays where it is. */
export function blendProduct(latents: Float32Array, noisedProduct: Float32Array, mask: Plane): Float32Array {
  const area = mask.data.length;
  return latents.map((value, i) => {
    const m = mask.data[i % area] ?? 0;
    return m * (noisedProduct[i] ?? 0) + (1 - m) * value;
  });
}
