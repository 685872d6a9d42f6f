import { z } from "zod";
import type { Value } from "../onnx/graph.ts";
import { upsampleNearest2 } from "../onnx/nn.ts";
import { add, div, mul, relu, sub, tanh } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, conv3x3 } from "./layers.ts";
import { count, only, parseNetworkConfig, unused, withoutNotes } from "./networkConfig.ts";

/** diffusers' AutoencoderTiny: TAESD, TAESDXL and the autoencoder of the embedded model. */
export interface TinyAutoencoderConfig {
  readonly type: "AutoencoderTiny";
  /** The same at every resolution of a half. */
  readonly encoderChannels: number;
  readonly decoderChannels: number;
  /** Blocks of each resolution, in the order they are run. */
  readonly encoderBlocks: readonly number[];
  readonly decoderBlocks: readonly number[];
  readonly scalingFactor: number;
}

const latentChannels = 4;
const imageChannels = 3;

const oneWidth = z
  .array(count)
  .length(4)
  .refine((widths) => new Set(widths).size === 1, { error: "expected one width for all its blocks" });

const schema = z.strictObject({
  in_channels: only(imageChannels),
  out_channels: only(imageChannels),
  latent_channels: only(latentChannels),
  encoder_block_out_channels: oneWidth,
  decoder_block_out_channels: oneWidth,
  num_encoder_blocks: z.array(z.int().nonnegative()).length(4),
  num_decoder_blocks: z.array(z.int().nonnegative()).length(4),
  act_fn: only("relu"),
  upsample_fn: only("nearest"),
  upsampling_scaling_factor: only(2),
  scaling_factor: z.number().positive().default(1),
  shift_factor: only(0),
  // For storing latents as bytes, and for half precision: nothing to do here.
  latent_magnitude: unused,
  latent_shift: unused,
  force_upcast: unused,
  block_out_channels: unused,
});

/** Reads the config of an AutoencoderTiny, as a package's autoencoder or as its decoder for previews. */
export function parseTinyAutoencoderConfig(json: unknown, label = "vae/config.json"): TinyAutoencoderConfig {
  const config = parseNetworkConfig(schema, withoutNotes(json), label, "tiny autoencoders of the TAESD kind");
  return {
    type: "AutoencoderTiny",
    encoderChannels: config.encoder_block_out_channels[0] ?? 0,
    decoderChannels: config.decoder_block_out_channels[0] ?? 0,
    encoderBlocks: config.num_encoder_blocks,
    decoderBlocks: config.num_decoder_blocks,
    scalingFactor: config.scaling_factor,
  };
}

/** scaling · encoder((image + 1)/2).   image: [B, 3, H, W] in [−1, 1] → [B, 4, H/8, W/8] */
export function encodeImageTiny(s: Scope, image: Value, config: TinyAutoencoderConfig): Value {
  const layers = sequence(s.at("encoder", "layers"));
  let h = div(add(image, 1), 2);
  config.encoderBlocks.forEach((blocks, i) => {
    h =
      i === 0
        ? conv3x3(layers.next(), h, config.encoderChannels)
        : downsample(layers.next(), h, config.encoderChannels);
    for (let j = 0; j < blocks; j++) h = block(layers.next(), h, config.encoderChannels);
  });
  return mul(conv3x3(layers.next(), h, latentChannels), config.scalingFactor);
}

/** 2·decoder(3·tanh(z/3)) − 1 with z = latents/scaling.   latents: [B, 4, h, w] → [B, 3, 8h, 8w] in [−1, 1] */
export function decodeLatentsTiny(s: Scope, latents: Value, config: TinyAutoencoderConfig): Value {
  const layers = sequence(s.at("decoder", "layers"));
  const clamped = mul(tanh(div(latents, 3 * config.scalingFactor)), 3);
  let h = relu(conv3x3(layers.next(), clamped, config.decoderChannels));
  layers.next(); // the ReLU has a place of its own
  config.decoderBlocks.forEach((blocks, i) => {
    for (let j = 0; j < blocks; j++) h = block(layers.next(), h, config.decoderChannels);
    if (i < config.decoderBlocks.length - 1) {
      layers.next(); // so has the upsampling
      h = conv3x3(layers.next(), upsampleNearest2(h), config.decoderChannels, { bias: false });
    } else {
      h = conv3x3(layers.next(), h, imageChannels);
    }
  });
  return sub(mul(h, 2), 1);
}

/** relu(x + conv₄ relu conv₂ relu conv₀ x).   x: [B, C, H, W] */
function block(s: Scope, x: Value, channels: number): Value {
  const inner = s.at("conv");
  const h = relu(conv3x3(inner.at(2), relu(conv3x3(inner.at(0), x, channels)), channels));
  return relu(add(conv3x3(inner.at(4), h, channels), x));
}

function downsample(s: Scope, x: Value, channels: number): Value {
  return conv(s, x, channels, 3, { stride: 2, padding: 1, bias: false });
}

/** The scopes of a torch Sequential, one after the other. */
function sequence(s: Scope): { next(): Scope } {
  let i = 0;
  return { next: () => s.at(i++) };
}
