import type { Size } from "../../shared/geometry.ts";
import { latentStride } from "../../shared/latents.ts";
import { fromPlanes, toPlanes } from "../image/floats.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { floats } from "../runtime/tensor.ts";
import { floatOutput, type Model } from "./model.ts";
import { averagePool, type Plane } from "./plane.ts";
import { inTiles, type Planes, type Tiling } from "./tiles.ts";

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

/** px of the tiles for a picture of this size: large, because an autoencoder's norms and attention see no further than a tile. */
export function vaeTile({ width, height }: Size): Size {
  return { width: Math.min(width, longestTilePx), height: Math.min(height, longestTilePx) };
}

const longestTilePx = 512;

/** In latent elements. docs/memory.md has what other widths would give. */
const overlap = { margin: 8, feather: 16 } as const;

/** Scaled latents of an opaque picture, in tiles where a tile's size (px) is given. */
export async function encodeLatents(model: Model, image: RgbaImage, tile: Size = image): Promise<Float32Array> {
  const encode = async ({ data, width, height }: Planes): Promise<Planes> => {
    const outputs = await model.run(
      { graph: "vae_encoder", width, height },
      { image: floats(data, [1, 3, height, width]) },
    );
    const dims = latentDims({ width, height });
    return { width: dims[3], height: dims[2], data: floatOutput(outputs, "latents", dims).data };
  };
  const whole = { width: image.width, height: image.height, data: toPlanes(image) };
  return (await inTiles(whole, tiling(tile), { in: latentStride, out: 1 }, encode)).data;
}

/** The picture of scaled latents, in tiles where a tile's size (px) is given. */
export async function decodeLatents(
  model: Model,
  latents: Float32Array,
  size: Size,
  tile: Size = size,
): Promise<RgbaImage> {
  const decode = async ({ data, ...area }: Planes): Promise<Planes> => {
    const [width, height] = [area.width * latentStride, area.height * latentStride];
    const outputs = await model.run(
      { graph: "vae_decoder", width, height },
      { latents: floats(data, latentDims({ width, height })) },
    );
    return { width, height, data: floatOutput(outputs, "image", [1, 3, height, width]).data };
  };
  const [, , height, width] = latentDims(size);
  const { data } = await inTiles({ width, height, data: latents }, tiling(tile), { in: 1, out: latentStride }, decode);
  return fromPlanes(data, size.width, size.height);
}

function tiling(tile: Size): Tiling {
  return { tile: { width: tile.width / latentStride, height: tile.height / latentStride }, ...overlap };
}

/** z ← m·noised(product) + (1 − m)·z (Avrahami et al. 2022, arXiv 2206.02779): the product stays where it is. */
export function blendProduct(latents: Float32Array, noisedProduct: Float32Array, mask: Plane): Float32Array {
  const area = mask.data.length;
  return latents.map((value, i) => {
    const m = mask.data[i % area] ?? 0;
    return m * (noisedProduct[i] ?? 0) + (1 - m) * value;
  });
}
