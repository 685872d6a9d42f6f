import { z } from "zod";
import { size, type Value } from "../onnx/graph.ts";
import { toPicture, toSequence } from "../onnx/layout.ts";
import { attention } from "../onnx/nn.ts";
import { add, div, mul, slice, sub } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, conv3x3, groupNorm, linear, type Normalisation, siluGroupNorm } from "./layers.ts";
import { count, only, parseNetworkConfig, unused, withoutNotes } from "./networkConfig.ts";
import { resnetBlock, upsample } from "./resnet.ts";

/** diffusers' AutoencoderKL, the autoencoder of Stable Diffusion and SDXL. */
export interface VaeConfig {
  readonly type: "AutoencoderKL";
  /** Channels of each resolution, finest first; each next one is half the size. */
  readonly channels: readonly number[];
  /** ResNet blocks of a resolution of the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly numGroups: number;
  readonly midAttention: boolean;
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/** Both latents and pictures have these everywhere in this program. */
const latentChannels = 4;
const imageChannels = 3;
/** Fixed by AutoencoderKL. */
const eps = 1e-6;

const blocks = (type: string) => z.array(z.literal(type)).length(4);

const schema = z
  .strictObject({
    in_channels: only(imageChannels),
    out_channels: only(imageChannels),
    latent_channels: only(latentChannels),
    down_block_types: blocks("DownEncoderBlock2D"),
    up_block_types: blocks("UpDecoderBlock2D"),
    block_out_channels: z.array(count).length(4),
    layers_per_block: count,
    norm_num_groups: count.default(32),
    act_fn: only("silu"),
    scaling_factor: z.number().positive().default(0.18215),
    shift_factor: z.number().nullable().default(null),
    latents_mean: only(null),
    latents_std: only(null),
    use_quant_conv: z.boolean().default(true),
    use_post_quant_conv: z.boolean().default(true),
    mid_block_add_attention: z.boolean().default(true),
    // What it was trained at and how to run it in half precision: nothing to do here.
    sample_size: unused,
    force_upcast: unused,
  })
  .refine((c) => c.block_out_channels.every((channels) => channels % c.norm_num_groups === 0), {
    path: ["block_out_channels"],
    error: "expected multiples of norm_num_groups",
  });

/** Reads `vae/config.json` of an AutoencoderKL. */
export function parseVaeConfig(json: unknown, label = "vae/config.json"): VaeConfig {
  const config = parseNetworkConfig(
    schema,
    withoutNotes(json),
    label,
    "autoencoders of the Stable Diffusion and SDXL kind",
  );
  return {
    type: "AutoencoderKL",
    channels: config.block_out_channels,
    layersPerBlock: config.layers_per_block,
    numGroups: config.norm_num_groups,
    midAttention: config.mid_block_add_attention,
    quantConv: config.use_quant_conv,
    postQuantConv: config.use_post_quant_conv,
    scalingFactor: config.scaling_factor,
    shiftFactor: config.shift_factor ?? 0,
  };
}

/**
 * (mean − shift)·scaling, where mean‖logvar = quant_conv(encoder(image)): the middle of the distribution that the
 * encoder describes.   image: [B, 3, H, W] in [−1, 1] → [B, 4, H/8, W/8]
 */
export function encodeImage(s: Scope, image: Value, config: VaeConfig): Value {
  return encoderEnd(s, encoderStart(s, image, config), config);
}

/** decoder(post_quant_conv(latents/scaling + shift)).   latents: [B, 4, h, w] → [B, 3, 8h, 8w] in [−1, 1] */
export function decodeLatents(s: Scope, latents: Value, config: VaeConfig): Value {
  return decoderEnd(s, decoderStart(s, latents, config), config);
}

// Each half in two parts: the finer one, at the two finest resolutions, takes nearly all the memory. tiledVae.ts has their use.

/** Resolutions of the coarser part: [C, h, w] and [C, 2h, 2w]. */
export const coarseBlocks = 2;

type Moments = Normalisation["moments"];

/** image: [B, 3, 8h, 8w] → hidden states [B, C, 2h, 2w] */
export function encoderStart(s: Scope, image: Value, config: VaeConfig, moments?: Moments): Value {
  const encoder = s.at("encoder");
  const h = conv3x3(encoder.at("conv_in"), image, config.channels[0] ?? 0);
  return downBlocks(encoder, h, 0, config.channels.length - coarseBlocks, config, moments);
}

/** hidden states: [B, C, 2h, 2w] → latents [B, 4, h, w], scaled */
export function encoderEnd(s: Scope, hidden: Value, config: VaeConfig): Value {
  const [encoder, norm, count] = [s.at("encoder"), normalisation(config), config.channels.length];
  let h = downBlocks(encoder, hidden, count - coarseBlocks, count, config);
  h = middle(encoder.at("mid_block"), h, config);
  h = conv3x3(encoder.at("conv_out"), siluGroupNorm(encoder.at("conv_norm_out"), h, norm), 2 * latentChannels);
  const distribution = config.quantConv ? conv(s.at("quant_conv"), h, 2 * latentChannels, 1) : h;
  return mul(sub(slice(distribution, 1, 0, latentChannels), config.shiftFactor), config.scalingFactor);
}

/** latents: [B, 4, h, w], scaled → hidden states [B, C, 2h, 2w] */
export function decoderStart(s: Scope, latents: Value, config: VaeConfig): Value {
  const decoder = s.at("decoder");
  const scaled = add(div(latents, config.scalingFactor), config.shiftFactor);
  const z = config.postQuantConv ? conv(s.at("post_quant_conv"), scaled, latentChannels, 1) : scaled;
  const h = middle(decoder.at("mid_block"), conv3x3(decoder.at("conv_in"), z, config.channels.at(-1) ?? 0), config);
  return upBlocks(decoder, h, 0, coarseBlocks, config);
}

/** hidden states: [B, C, 2h, 2w] → image [B, 3, 8h, 8w] */
export function decoderEnd(s: Scope, hidden: Value, config: VaeConfig, moments?: Moments): Value {
  const [decoder, norm] = [s.at("decoder"), normalisation(config, moments)];
  const h = upBlocks(decoder, hidden, coarseBlocks, config.channels.length, config, moments);
  return conv3x3(decoder.at("conv_out"), siluGroupNorm(decoder.at("conv_norm_out"), h, norm), imageChannels);
}

/** Those from `start` to before `end`; each but the very last halves height and width. */
function downBlocks(s: Scope, x: Value, start: number, end: number, config: VaeConfig, moments?: Moments): Value {
  let h = x;
  for (let i = start; i < end; i++) {
    const block = s.at("down_blocks", i);
    h = resnets(block, h, config.channels[i] ?? 0, config.layersPerBlock, normalisation(config, moments));
    if (i < config.channels.length - 1) h = downsample(block.at("downsamplers", 0), h);
  }
  return h;
}

/** Those from `start` to before `end`; what the one before has left is doubled in height and width. */
function upBlocks(s: Scope, x: Value, start: number, end: number, config: VaeConfig, moments?: Moments): Value {
  const widths = config.channels.toReversed();
  let h = x;
  for (let i = start; i < end; i++) {
    if (i > 0) h = upsample(s.at("up_blocks", i - 1, "upsamplers", 0), h);
    h = resnets(s.at("up_blocks", i), h, widths[i] ?? 0, config.layersPerBlock + 1, normalisation(config, moments));
  }
  return h;
}

function normalisation({ numGroups }: VaeConfig, moments?: Moments): Normalisation {
  return { numGroups, eps, moments };
}

/** ResNet blocks of the UNet, without a time embedding. */
function resnets(block: Scope, x: Value, width: number, count: number, norm: Normalisation): Value {
  let h = x;
  for (let i = 0; i < count; i++) h = resnetBlock(block.at("resnets", i), h, undefined, width, norm);
  return h;
}

/** resnet, x + attention, resnet.   x: [B, C, H, W] */
function middle(s: Scope, x: Value, config: VaeConfig): Value {
  const resnet = (i: number, h: Value) =>
    resnetBlock(s.at("resnets", i), h, undefined, size(x, 1), normalisation(config));
  let h = resnet(0, x);
  if (config.midAttention) h = add(h, selfAttention(s.at("attentions", 0), h, config));
  return resnet(1, h);
}

/** softmax(QKᵀ/√C)V of one head over all pixels, Q, K, V linear in norm x.   x: [B, C, H, W] */
function selfAttention(s: Scope, x: Value, config: VaeConfig): Value {
  const channels = size(x, 1);
  const pixels = toSequence(groupNorm(s.at("group_norm"), x, normalisation(config)));
  // Checkpoints from before diffusers 0.18, such as Stable Diffusion 1.5's, have the names on the right.
  const project = (name: string, formerly: string, of: Value) =>
    linear(s.at(s.has(`${formerly}.weight`) ? formerly : name), of, channels);
  const q = project("to_q", "query", pixels);
  const k = project("to_k", "key", pixels);
  const v = project("to_v", "value", pixels);
  const out = project("to_out.0", "proj_attn", attention(q, k, v, 1));
  return toPicture(out, x);
}

/** Halves height and width by a 3×3 convolution of stride 2, padded below and on the right only. */
function downsample(s: Scope, x: Value): Value {
  return conv(s.at("conv"), x, size(x, 1), 3, { stride: 2, padding: [0, 0, 1, 1] });
}
