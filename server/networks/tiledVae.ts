import { latentStride } from "../../shared/latents.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { concat, isPositive, oneMinus, reshape, slice } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import type { PictureSize } from "./autoencoder.ts";
import { coarseBlocks, decoderEnd, decoderStart, encoderEnd, encoderStart, type VaeConfig } from "./vae.ts";

// An AutoencoderKL in tiles whose group norms go by the statistics of the whole picture (docs/memory.md): the coarser part, with the attention,
// takes the picture whole; the finer part takes tiles and, for their statistics, the picture reduced to a tile.

/** The keys that each part reads. */
const parts = {
  vae_encoder_tile: ["encoder.conv_in.", "encoder.down_blocks.0.", "encoder.down_blocks.1."],
  vae_encoder_end: [
    "encoder.down_blocks.2.",
    "encoder.down_blocks.3.",
    "encoder.mid_block.",
    "encoder.conv_norm_out.",
    "encoder.conv_out.",
    "quant_conv.",
  ],
  vae_decoder_start: [
    "post_quant_conv.",
    "decoder.conv_in.",
    "decoder.mid_block.",
    "decoder.up_blocks.0.",
    "decoder.up_blocks.1.resnets.",
  ],
  vae_decoder_tile: [
    "decoder.up_blocks.1.upsamplers.",
    "decoder.up_blocks.2.",
    "decoder.up_blocks.3.",
    "decoder.conv_norm_out.",
    "decoder.conv_out.",
  ],
} as const;

export type VaePart = keyof typeof parts;

/** Group norms of the parts that work in tiles, and groups of each: the shape [1, norms, groups, 2] of their statistics. */
export interface TileStatistics {
  readonly encoder: readonly [norms: number, groups: number];
  readonly decoder: readonly [norms: number, groups: number];
}

export function tileStatistics({ channels, layersPerBlock, numGroups }: VaeConfig): TileStatistics {
  const finer = channels.length - coarseBlocks;
  return {
    encoder: [finer * layersPerBlock * 2, numGroups],
    decoder: [finer * (layersPerBlock + 1) * 2 + 1, numGroups],
  };
}

/** px of the picture to an element of hidden states */
const hiddenStride = latentStride / 2 ** (coarseBlocks - 1);

/** The graph of one part; a tile's size for one that works in tiles. Inputs and outputs: docs/architecture.md. */
export function buildVaePart(part: VaePart, s: Scope, config: VaeConfig, { width, height }: PictureSize): void {
  const { graph } = s;
  const latentSize = [height / latentStride, width / latentStride] as const;
  const hiddenSize = [height / hiddenStride, width / hiddenStride] as const;
  const statistics = tileStatistics(config);
  switch (part) {
    case "vae_encoder_tile": {
      const image = graph.input("image", "float32", ["B", 3, height, width]);
      withStatistics(graph, "hidden_states", statistics.encoder, (moments) => encoderStart(s, image, config, moments));
      break;
    }
    case "vae_encoder_end": {
      const hidden = graph.input("hidden_states", "float32", [
        "B",
        config.channels.at(-1 - coarseBlocks) ?? 0,
        ...hiddenSize,
      ]);
      graph.output("latents", encoderEnd(s, hidden, config));
      break;
    }
    case "vae_decoder_start": {
      const latents = graph.input("latents", "float32", ["B", 4, ...latentSize]);
      graph.output("hidden_states", decoderStart(s, latents, config));
      break;
    }
    case "vae_decoder_tile": {
      const hidden = graph.input("hidden_states", "float32", [
        "B",
        config.channels.at(-coarseBlocks) ?? 0,
        ...hiddenSize,
      ]);
      withStatistics(graph, "image", statistics.decoder, (moments) => decoderEnd(s, hidden, config, moments));
      break;
    }
  }
  s.ignore(...Object.entries(parts).flatMap(([other, keys]) => (other === part ? [] : keys)));
  s.finish();
}

/** Output `name` of `build`, whose norms go by `statistics` [B,N,G,2] where `use_statistics` [1] is 1, and by their own where it is 0; output `used_statistics`. */
function withStatistics(
  graph: Graph,
  name: string,
  [norms, groups]: TileStatistics["encoder"],
  build: (moments: (own: () => Value) => Value) => Value,
): void {
  const statistics = graph.input("statistics", "float32", ["B", norms, groups, 2]);
  const use = graph.input("use_statistics", "float32", [1]);
  const useOwn = isPositive(oneMinus(use));
  const used: Value[] = [];
  const output = build((own) => {
    const given = reshape(slice(statistics, 1, used.length, used.length + 1), ["B", groups, 2]);
    const [moments = given] = graph.branch(
      useOwn,
      () => [own()],
      () => [given],
    );
    used.push(moments);
    return moments;
  });
  const [first, ...others] = used.map((moments) => reshape(moments, ["B", 1, groups, 2]));
  if (first === undefined || used.length !== norms) {
    throw new Error(`${name}: expected ${norms} group norms, got ${used.length}`);
  }
  graph.output(name, output);
  graph.output("used_statistics", concat([first, ...others], 1));
}
