import { z } from "zod";
import { size, type Value } from "../onnx/graph.ts";
import { attention } from "../onnx/nn.ts";
import { add, concat, expandBatch, gelu, mul, reshape, transpose } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, layerNorm, linear } from "./layers.ts";
import { count, only } from "./networkConfig.ts";

/** transformers' Dinov2Backbone, as Depth Anything uses it. */
export interface Dinov2Config {
  readonly width: number;
  readonly layers: number;
  readonly numHeads: number;
  readonly feedForwardWidth: number;
  readonly eps: number;
  /** Side of the square picture that its position embeddings were made for, px. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly qkvBias: boolean;
  /** After how many layers the feature maps are taken. */
  readonly taps: readonly number[];
  /** Whether feature maps go through the backbone's last norm. */
  readonly normTaps: boolean;
}

const imageChannels = 3;

/** `backbone_config` of Depth Anything; options that are left out have transformers' defaults. */
export const dinov2Schema = z
  .object({
    model_type: z.literal("dinov2"),
    hidden_size: count.default(768),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    mlp_ratio: z.number().positive().default(4),
    hidden_act: only("gelu"),
    layer_norm_eps: z.number().positive().default(1e-6),
    image_size: count.default(224),
    patch_size: count.default(14),
    num_channels: only(imageChannels),
    qkv_bias: z.boolean().default(true),
    use_swiglu_ffn: only(false),
    out_indices: z.array(count).nonempty(),
    apply_layernorm: z.boolean().default(true),
    reshape_hidden_states: z.literal(false),
  })
  .refine((c) => c.out_indices.every((n, i, all) => n <= c.num_hidden_layers && n > (all[i - 1] ?? 0)), {
    path: ["out_indices"],
    error: "expected rising numbers of layers",
    abort: true,
  })
  .refine((c) => c.hidden_size % c.num_attention_heads === 0, {
    path: ["hidden_size"],
    error: "expected a multiple of num_attention_heads",
    abort: true,
  })
  .transform(
    (c): Dinov2Config => ({
      width: c.hidden_size,
      layers: c.num_hidden_layers,
      numHeads: c.num_attention_heads,
      feedForwardWidth: Math.floor(c.hidden_size * c.mlp_ratio),
      eps: c.layer_norm_eps,
      imageSize: c.image_size,
      patchSize: c.patch_size,
      qkvBias: c.qkv_bias,
      taps: c.out_indices,
      normTaps: c.apply_layernorm,
    }),
  );

/** Patches along a side of the picture. */
export function patchesAcross(config: Dinov2Config): number {
  return Math.floor(config.imageSize / config.patchSize);
}

/** Feature maps [B, N+1, C], class token first, one for each of `config.taps`.   pixels: [B, 3, S, S] normalised */
export function dinov2Features(s: Scope, pixels: Value, config: Dinov2Config): Value[] {
  const taps: Value[] = [];
  let x = embeddings(s.at("embeddings"), pixels, config);
  const needed = Math.max(...config.taps);
  for (let i = 0; i < needed; i++) {
    x = dinov2Layer(s.at("encoder", "layer", i), x, config);
    if (config.taps.includes(i + 1)) taps.push(x);
  }
  for (let i = needed; i < config.layers; i++) s.ignore(`encoder.layer.${i}.`);
  if (config.normTaps) return taps.map((tap) => layerNorm(s.at("layernorm"), tap, config.eps));
  s.ignore("layernorm.");
  return taps;
}

/** [class; W·patch + b] + positions.   [B, N+1, C] */
function embeddings(s: Scope, pixels: Value, config: Dinov2Config): Value {
  const { width, patchSize } = config;
  const patches = patchesAcross(config) ** 2;
  s.ignore("mask_token"); // pre-training only
  const projected = conv(s.at("patch_embeddings", "projection"), pixels, width, patchSize, { stride: patchSize });
  const sequence = transpose(reshape(projected, [pixels.shape[0] ?? 1, width, patches]), [0, 2, 1]);
  const classToken = expandBatch(s.weight("cls_token", [1, 1, width]), pixels);
  return add(concat([classToken, sequence], 1), s.weight("position_embeddings", [1, patches + 1, width]));
}

/** x ← x + λ₁·SelfAttn(LN₁ x); x ← x + λ₂·W₂ gelu(W₁ LN₂ x).   x: [B, N+1, C] */
function dinov2Layer(s: Scope, x: Value, config: Dinov2Config): Value {
  const scaled = (name: string, value: Value) => mul(value, s.weight(`${name}.lambda1`, [config.width]));
  x = add(x, scaled("layer_scale1", selfAttention(s.at("attention"), layerNorm(s.at("norm1"), x, config.eps), config)));
  return add(x, scaled("layer_scale2", feedForward(s.at("mlp"), layerNorm(s.at("norm2"), x, config.eps), config)));
}

/** softmax(QKᵀ/√d)V with Q, K, V linear in x. */
function selfAttention(s: Scope, x: Value, config: Dinov2Config): Value {
  const width = size(x, -1);
  const project = (name: string) => linear(s.at("attention", name), x, width, { bias: config.qkvBias });
  const heads = attention(project("query"), project("key"), project("value"), config.numHeads);
  return linear(s.at("output", "dense"), heads, width);
}

function feedForward(s: Scope, x: Value, config: Dinov2Config): Value {
  return linear(s.at("fc2"), gelu(linear(s.at("fc1"), x, config.feedForwardWidth)), size(x, -1));
}
