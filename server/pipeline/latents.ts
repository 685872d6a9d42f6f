import type { Size } from "../../shared/geometry.ts";
import { latentStride } from "../../shared/latents.ts";
import { fromPlanes, toPlanes } from "../image/floats.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { floats } from "../runtime/tensor.ts";
import { floatOutput, type Model } from "./model.ts";
import { averagePool, type Plane } from "./plane.ts";

/** In every autoencoder of the Stable Diffusion family. */
const latentChannels = 4;

/** [1, 4, H/8, W/8] of a picture size in px */
export function latentDims({ width, height }: Size): readonly [number, number, number, number] {
  return [1, latentChannels, height / latentStride, width / latentStride];
}

export function latentCount(size: Size): number {
  return latentDims(size).reduce((product, dim) => product * dim, 1);
}

/** R6: a mask through the autoencoder's stride, soft. */
export function toLatentMask(mask: Plane): Plane {
  return averagePool(mask, latentStride);
}

/** Scaled latents of an opaque picture. */
export async function encodeLatents(model: Model, image: RgbaImage): Promise<Float32Array> {
  const { width, height } = image;
  const outputs = await model.run(
    { graph: "vae_encoder", width, height },
    { image: floats(toPlanes(image), [1, 3, height, width]) },
  );
  return floatOutput(outputs, "latents", latentDims(image)).data;
}

/** The picture of scaled latents. */
export async function decodeLatents(model: Model, latents: Float32Array, { width, height }: Size): Promise<RgbaImage> {
  const outputs = await model.run(
    { graph: "vae_decoder", width, height },
    { latents: floats(latents, latentDims({ width, height })) },
  );
  return fromPlanes(floatOutput(outputs, "image", [1, 3, height, width]).data, width, height);
}

/** z ← m·noised(product) + (1 − m)·z (Avrahami et al. 2022, arXiv 2206.02779): the product stays where it is. */
export function blendProduct(latents: Float32Array, noisedProduct: Float32Array, mask: Plane): Float32Array {
  const area = mask.data.length;
  return latents.map((value, i) => {
    const m = mask.data[i % area] ?? 0;
    return m * (noisedProduct[i] ?? 0) + (1 - m) * value;
  });
}
