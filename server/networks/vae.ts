import { z } from "zod";
import { size, type Value } from "../onnx/graph.ts";
import { toPicture, toSequence } from "../onnx/layout.ts";
import { attention } from "../onnx/nn.ts";
import { add, div, mul, slice, sub } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, conv3x3, groupNorm, linear, siluGroupNorm } from "./layers.ts";
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
  const moments = encoder(s.at("encoder"), image, config);
  const z = config.quantConv ? conv(s.at("quant_conv"), moments, 2 * latentChannels, 1) : moments;
  return mul(sub(slice(z, 1, 0, latentChannels), config.shiftFactor), config.scalingFactor);
}

/** decoder(post_quant_conv(latents/scaling + shift)).   latents: [B, 4, h, w] → [B, 3, 8h, 8w] in [−1, 1] */
export function decodeLatents(s: Scope, latents: Value, config: VaeConfig): Value {
  const z = add(div(latents, config.scalingFactor), config.shiftFactor);
  return decoder(
    s.at("decoder"),
    config.postQuantConv ? conv(s.at("post_quant_conv"), z, latentChannels, 1) : z,
    config,
  );
}

function encoder(s: Scope, image: Value, config: VaeConfig): Value {
  const { channels, layersPerBlock } = config;
  let h = conv3x3(s.at("conv_in"), image, channels[0] ?? 0);
  channels.forEach((width, i) => {
    const block = s.at("down_blocks", i);
    for (let j = 0; j < layersPerBlock; j++) h = resnet(block.at("resnets", j), h, width, config);
    if (i < channels.length - 1) h = downsample(block.at("downsamplers", 0), h);
  });
  h = middle(s.at("mid_block"), h, config);
  return conv3x3(s.at("conv_out"), siluGroupNorm(s.at("conv_norm_out"), h, config.numGroups, eps), 2 * latentChannels);
}

function decoder(s: Scope, z: Value, config: VaeConfig): Value {
  const widths = config.channels.toReversed();
  let h = conv3x3(s.at("conv_in"), z, widths[0] ?? 0);
  h = middle(s.at("mid_block"), h, config);
  widths.forEach((width, i) => {
    const block = s.at("up_blocks", i);
    for (let j = 0; j <= config.layersPerBlock; j++) h = resnet(block.at("resnets", j), h, width, config);
    if (i < widths.length - 1) h = upsample(block.at("upsamplers", 0), h);
  });
  return conv3x3(s.at("conv_out"), siluGroupNorm(s.at("conv_norm_out"), h, config.numGroups, eps), imageChannels);
}

/** resnet, x + attention, resnet.   x: [B, C, H, W] */
function middle(s: Scope, x: Value, config: VaeConfig): Value {
  const channels = size(x, 1);
  let h = resnet(s.at("resnets", 0), x, channels, config);
  if (config.midAttention) h = add(h, selfAttention(s.at("attentions", 0), h, config));
  return resnet(s.at("resnets", 1), h, channels, config);
}

/** The ResNet block of the UNet, without a time embedding. */
function resnet(s: Scope, x: Value, channels: number, { numGroups }: VaeConfig): Value {
  return resnetBlock(s, x, undefined, channels, { numGroups, eps });
}

/** softmax(QKᵀ/√C)V of one head over all pixels, Q, K, V linear in norm x.   x: [B, C, H, W] */
function selfAttention(s: Scope, x: Value, config: VaeConfig): Value {
  const channels = size(x, 1);
  const pixels = toSequence(groupNorm(s.at("group_norm"), x, config.numGroups, eps));
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
