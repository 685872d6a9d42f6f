import { setImmediate as nextTurn } from "node:timers/promises";
import type { Size } from "../../shared/geometry.ts";
import { latentStride } from "../../shared/latents.ts";
import { tileStatisticsOf, type VaeTile } from "../checkpoint/graphRequest.ts";
import { fromPlanes, toPlanes } from "../image/floats.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { floats, type NamedTensors } from "../runtime/tensor.ts";
import { floatOutput, type Model } from "./model.ts";
import { inTiles, type Planes, reduced } from "./tiles.ts";

/** px of the tiles for a picture of this size: large, because what a tile does not see of the picture it can only be told. */
export function vaeTile({ width, height }: Size, statistics?: VaeTile["statistics"]): VaeTile {
  return { width: Math.min(width, longestTilePx), height: Math.min(height, longestTilePx), statistics };
}

const longestTilePx = 512;

/** In latent elements. docs/memory.md has what other widths would give. */
const overlap = { margin: 8, feather: 16 } as const;
/** Along the blocks of which a reduced picture is made, in latent elements. Single ones lose what neighbours share, large blocks add edges. */
const reducedBlock = 2;

/** Scaled latents of an opaque picture, in tiles where a tile's size (px) is given. */
export async function encodeLatents(
  model: Model,
  image: RgbaImage,
  tile: VaeTile = image,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const planes = { width: image.width, height: image.height, data: toPlanes(image) };
  return (await encode(cancellable(model, signal), planes, tile)).data;
}

/** The picture of scaled latents, in tiles where a tile's size (px) is given. */
export async function decodeLatents(
  model: Model,
  latents: Float32Array,
  { width, height }: Size,
  tile: VaeTile = { width, height },
  signal?: AbortSignal,
): Promise<RgbaImage> {
  const planes = { width: width / latentStride, height: height / latentStride, data: latents };
  return fromPlanes((await decode(cancellable(model, signal), planes, tile)).data, width, height);
}

type Runs = Pick<Model, "run">;

/** Between two graphs a cancelled job stops: tiles take many runs. */
function cancellable(model: Runs, signal: AbortSignal | undefined): Runs {
  return {
    async run(request, inputs) {
      await nextTurn();
      signal?.throwIfAborted();
      return await model.run(request, inputs);
    },
  };
}

/** [3, H, W] in [−1, 1] → latents [4, H/8, W/8] */
export async function encode(model: Runs, image: Planes, tile: VaeTile): Promise<Planes> {
  const statistics = tileStatisticsOf(image, tile);
  if (statistics === undefined) return await runInTiles(model, "vae_encoder", image, tile);
  const told = await statisticsOf(model, "vae_encoder_tile", image, tile, statistics.encoder);
  return await run(model, "vae_encoder_end", await runInTiles(model, "vae_encoder_tile", image, tile, told));
}

/** latents [4, h, w] → [3, 8h, 8w] in [−1, 1], unclamped */
export async function decode(model: Runs, latents: Planes, tile: VaeTile): Promise<Planes> {
  const size = { width: latents.width * latentStride, height: latents.height * latentStride };
  const statistics = tileStatisticsOf(size, tile);
  if (statistics === undefined) return await runInTiles(model, "vae_decoder", latents, tile);
  const hidden = await run(model, "vae_decoder_start", latents);
  const told = await statisticsOf(model, "vae_decoder_tile", hidden, tile, statistics.decoder);
  return await runInTiles(model, "vae_decoder_tile", hidden, tile, told);
}

/** px of the picture to an element */
const stridePx = { image: 1, hidden_states: 4, latents: latentStride } as const;
const channels = { image: 3, hidden_states: undefined, latents: 4 } as const;

/** What goes into the autoencoder's graphs, and what comes out. */
const graphs = {
  vae_encoder: { from: "image", to: "latents" },
  vae_encoder_tile: { from: "image", to: "hidden_states" },
  vae_encoder_end: { from: "hidden_states", to: "latents" },
  vae_decoder: { from: "latents", to: "image" },
  vae_decoder_start: { from: "latents", to: "hidden_states" },
  vae_decoder_tile: { from: "hidden_states", to: "image" },
} as const;

type AutoencoderGraph = keyof typeof graphs;

/** @param told what the norms of tiles go by */
async function runInTiles(
  model: Runs,
  graph: AutoencoderGraph,
  whole: Planes,
  tile: Size,
  told?: NamedTensors,
): Promise<Planes> {
  const { from, to } = graphs[graph];
  const tiling = { tile: { width: tile.width / latentStride, height: tile.height / latentStride }, ...overlap };
  const scale = { in: latentStride / stridePx[from], out: latentStride / stridePx[to] };
  return await inTiles(whole, tiling, scale, (part) => run(model, graph, part, told));
}

/**
 * What tiles are told of the whole: the statistics of the whole reduced to a tile's size.
 * @param shape of the statistics
 */
async function statisticsOf(
  model: Runs,
  graph: "vae_encoder_tile" | "vae_decoder_tile",
  whole: Planes,
  tile: Size,
  shape: readonly [norms: number, groups: number],
): Promise<NamedTensors> {
  const stride = stridePx[graphs[graph].from];
  const to = { width: tile.width / stride, height: tile.height / stride };
  const small = reduced(whole, to, (reducedBlock * latentStride) / stride);
  const dims = [1, ...shape, 2] as const;
  const none = floats(new Float32Array(dims.reduce((product, dim) => product * dim, 1)), dims);
  const outputs = await outputsOf(model, graph, small, { statistics: none, use_statistics: floats([0], [1]) });
  return { statistics: floatOutput(outputs, "used_statistics", dims), use_statistics: floats([1], [1]) };
}

async function run(model: Runs, graph: AutoencoderGraph, planes: Planes, told?: NamedTensors): Promise<Planes> {
  const { from, to } = graphs[graph];
  const outputs = await outputsOf(model, graph, planes, told);
  const scale = stridePx[from] / stridePx[to];
  const [width, height] = [planes.width * scale, planes.height * scale];
  return { width, height, data: floatOutput(outputs, to, [1, channels[to], height, width]).data };
}

async function outputsOf(
  model: Runs,
  graph: AutoencoderGraph,
  { data, width, height }: Planes,
  told: NamedTensors = {},
): Promise<NamedTensors> {
  const { from } = graphs[graph];
  const size = { width: width * stridePx[from], height: height * stridePx[from] };
  const input = floats(data, [1, data.length / width / height, height, width]);
  return await model.run({ graph, ...size }, { [from]: input, ...told });
}
