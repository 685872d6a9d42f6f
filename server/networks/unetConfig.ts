import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { count, only, parseNetworkConfig, unused, withoutNotes } from "./networkConfig.ts";

/** Attention of one resolution. */
export interface AttentionConfig {
  readonly numHeads: number;
  /** Transformer blocks in each Transformer2DModel. */
  readonly layers: number;
}

/** One resolution of the UNet, down and up alike. */
export interface BlockConfig {
  readonly channels: number;
  /** ResNet blocks on the way down; the way up has one more. */
  readonly layers: number;
  readonly attention: AttentionConfig | undefined;
}

/** The `text_time` addition embedding of SDXL: pooled text embedding and six sizes. */
export interface AdditionConfig {
  /** Width of the sinusoidal embedding of each of the six time ids. */
  readonly timeIdWidth: number;
  readonly pooledWidth: number;
}

/** What the ControlNet shares with the UNet that it was copied from. */
export interface EncoderConfig {
  readonly inChannels: number;
  readonly crossAttentionWidth: number;
  readonly down: readonly BlockConfig[];
  readonly mid: BlockConfig;
  readonly numGroups: number;
  readonly eps: number;
  readonly linearProjection: boolean;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly addition: AdditionConfig | undefined;
}

export interface UNetConfig extends EncoderConfig {
  readonly outChannels: number;
  /** From the coarsest resolution to the finest. */
  readonly up: readonly BlockConfig[];
}

export interface ControlNetConfig extends EncoderConfig {
  readonly conditioningChannels: number;
  readonly conditioningWidths: readonly number[];
}

/** Which networks this program runs, for messages. */
const kind = "UNets of the Stable Diffusion 1.5 and SDXL kind";

/** One number for all blocks, or one a block. */
const perBlock = (item: z.ZodInt) => z.union([item, z.array(item).nonempty()]);

const encoderShape = {
  in_channels: count.default(4),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  down_block_types: z.array(z.enum(["DownBlock2D", "CrossAttnDownBlock2D"])).nonempty(),
  mid_block_type: z.enum(["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"]).default("UNetMidBlock2DCrossAttn"),
  block_out_channels: z.array(count).nonempty(),
  layers_per_block: perBlock(count).default(2),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  cross_attention_dim: count.default(1280),
  transformer_layers_per_block: perBlock(z.int().nonnegative()).default(1),
  // The number of heads, whatever its name says: diffusers issue 2011.
  attention_head_dim: perBlock(count).default(8),
  use_linear_projection: z.boolean().default(false),
  addition_embed_type: z.enum(["text_time"]).nullable().default(null),
  addition_time_embed_dim: count.nullable().default(null),
  projection_class_embeddings_input_dim: count.nullable().default(null),
  act_fn: z.enum(["silu", "swish"]).default("silu"),
  only_cross_attention: z.union([z.literal(false), z.array(z.literal(false))]).optional(),
  downsample_padding: only(1),
  mid_block_scale_factor: only(1),
  encoder_hid_dim: only(null),
  encoder_hid_dim_type: only(null),
  num_attention_heads: only(null),
  class_embed_type: only(null),
  num_class_embeds: only(null),
  resnet_time_scale_shift: only("default"),
  // Precision of the scores and width of an unused embedding: nothing to do in fp32.
  upcast_attention: unused,
  addition_embed_type_num_heads: unused,
};

const unetSchema = z.strictObject({
  ...encoderShape,
  out_channels: count.default(4),
  up_block_types: z.array(z.enum(["UpBlock2D", "CrossAttnUpBlock2D"])).nonempty(),
  center_input_sample: only(false),
  reverse_transformer_layers_per_block: only(null),
  dual_cross_attention: only(false),
  resnet_skip_time_act: only(false),
  resnet_out_scale_factor: only(1),
  time_embedding_type: only("positional"),
  time_embedding_dim: only(null),
  time_embedding_act_fn: only(null),
  timestep_post_act: only(null),
  time_cond_proj_dim: only(null),
  conv_in_kernel: only(3),
  conv_out_kernel: only(3),
  attention_type: only("default"),
  class_embeddings_concat: only(false),
  mid_block_only_cross_attention: z.literal([null, false]).optional(),
  cross_attention_norm: only(null),
  sample_size: unused,
  dropout: unused,
});

const controlNetSchema = z.strictObject({
  ...encoderShape,
  conditioning_channels: count.default(3),
  conditioning_embedding_out_channels: z.array(count).nonempty().default([16, 32, 96, 256]),
  controlnet_conditioning_channel_order: only("rgb"),
  global_pool_conditions: only(false),
});

/** Reads `unet/config.json` of a diffusers UNet2DConditionModel; options that are not implemented are refused. */
export function parseUNetConfig(json: unknown, label = "unet/config.json"): UNetConfig {
  const config = parseNetworkConfig(unetSchema, withoutNotes(json), label, kind);
  const encoder = encoderConfig(config, label);
  const types = config.up_block_types;
  requireLength(label, "up_block_types", types, encoder.down.length);
  const up = encoder.down.toReversed().map((block, i) => {
    if ((types[i] === "CrossAttnUpBlock2D") !== (block.attention !== undefined)) {
      throw refused(label, `up_block_types[${i}]: expected the mirror image of down_block_types, got ${types[i]}`);
    }
    return block;
  });
  return { ...encoder, up, outChannels: config.out_channels };
}

/** Reads `controlnet/config.json` of a diffusers ControlNetModel; options that are not implemented are refused. */
export function parseControlNetConfig(json: unknown, label = "controlnet/config.json"): ControlNetConfig {
  const config = parseNetworkConfig(controlNetSchema, withoutNotes(json), label, kind);
  return {
    ...encoderConfig(config, label),
    conditioningChannels: config.conditioning_channels,
    conditioningWidths: config.conditioning_embedding_out_channels,
  };
}

function encoderConfig(
  config: z.infer<typeof unetSchema> | z.infer<typeof controlNetSchema>,
  label: string,
): EncoderConfig {
  const types = config.down_block_types;
  const blocks = types.length;
  const channels = config.block_out_channels;
  requireLength(label, "block_out_channels", channels, blocks);
  const spread = (key: "layers_per_block" | "attention_head_dim" | "transformer_layers_per_block") => {
    const value = config[key];
    const list = typeof value === "number" ? Array.from({ length: blocks }, () => value) : value;
    requireLength(label, key, list, blocks);
    return (i: number): number => list[i] ?? 0;
  };
  const layers = spread("layers_per_block");
  const numHeads = spread("attention_head_dim");
  const transformerLayers = spread("transformer_layers_per_block");
  const block = (i: number, width: number, attends: boolean): BlockConfig => {
    if (width % config.norm_num_groups !== 0 || (attends && width % numHeads(i) !== 0)) {
      throw refused(
        label,
        `block_out_channels[${i}]: ${width} does not divide into ${config.norm_num_groups} groups and ${numHeads(i)} heads`,
      );
    }
    const attention = attends ? { numHeads: numHeads(i), layers: transformerLayers(i) } : undefined;
    return { channels: width, layers: layers(i), attention };
  };
  const down = channels.map((width, i) => block(i, width, types[i] === "CrossAttnDownBlock2D"));
  const last = channels.at(-1) ?? 0;
  return {
    inChannels: config.in_channels,
    crossAttentionWidth: config.cross_attention_dim,
    down,
    mid: block(blocks - 1, last, config.mid_block_type === "UNetMidBlock2DCrossAttn"),
    numGroups: config.norm_num_groups,
    eps: config.norm_eps,
    linearProjection: config.use_linear_projection,
    flipSinToCos: config.flip_sin_to_cos,
    freqShift: config.freq_shift,
    addition: additionConfig(config, label),
  };
}

function additionConfig(
  config: z.infer<typeof unetSchema> | z.infer<typeof controlNetSchema>,
  label: string,
): AdditionConfig | undefined {
  if (config.addition_embed_type === null) return undefined;
  const timeIdWidth = config.addition_time_embed_dim;
  const inputWidth = config.projection_class_embeddings_input_dim;
  if (timeIdWidth === null || inputWidth === null || inputWidth <= 6 * timeIdWidth) {
    throw refused(
      label,
      `addition_embed_type text_time: projection_class_embeddings_input_dim must exceed 6 × addition_time_embed_dim, got ${inputWidth} and ${timeIdWidth}`,
    );
  }
  return { timeIdWidth, pooledWidth: inputWidth - 6 * timeIdWidth };
}

function requireLength(label: string, key: string, list: readonly unknown[], expected: number): void {
  if (list.length !== expected) {
    throw refused(label, `${key}: expected ${expected} entries, one a down block, got ${list.length}`);
  }
}

function refused(label: string, what: string): BackdropError {
  return new BackdropError("model_corrupt", `${label}: ${what}; this program runs ${kind} only`);
}
