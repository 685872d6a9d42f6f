import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { size, type Value } from "../onnx/graph.ts";
import { attention } from "../onnx/nn.ts";
import { add, gelu, quickGelu } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { layerNorm, linear } from "./layers.ts";
import { count } from "./networkConfig.ts";

/** The options of transformers' configs that `ClipLayersConfig` is read from. */
export const clipLayersShape = {
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  hidden_act: z.enum(["quick_gelu", "gelu"]),
  layer_norm_eps: z.number().positive().default(1e-5),
};

export function parseClipLayers(
  config: z.output<z.ZodObject<typeof clipLayersShape>>,
  label: string,
): ClipLayersConfig {
  if (config.hidden_size % config.num_attention_heads !== 0) {
    const { hidden_size: width, num_attention_heads: heads } = config;
    throw new BackdropError("model_corrupt", `${label}: hidden_size ${width} does not divide into ${heads} heads`);
  }
  return {
    layers: config.num_hidden_layers,
    width: config.hidden_size,
    feedForwardWidth: config.intermediate_size,
    numHeads: config.num_attention_heads,
    activation: config.hidden_act,
    eps: config.layer_norm_eps,
  };
}

/** What CLIP's text and vision transformers have in common. */
export interface ClipLayersConfig {
  readonly layers: number;
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly numHeads: number;
  readonly activation: "quick_gelu" | "gelu";
  readonly eps: number;
}

/**
 * Hidden states before and after each of the first `layers` layers (`layers` + 1 of them, as transformers counts);
 * the weights of the layers after those are left out. x: [B, L, D], bias: [1|B, 1, L, L] added to attention scores.
 */
export function clipLayers(s: Scope, x: Value, config: ClipLayersConfig, layers: number, bias?: Value): Value[] {
  const states = [x];
  for (let i = 0; i < layers; i++) {
    x = clipLayer(s.at("layers", i), x, config, bias);
    states.push(x);
  }
  for (let i = layers; i < config.layers; i++) s.ignore(`layers.${i}.`);
  return states;
}

/** x ← x + SelfAttn(LN₁ x); x ← x + W₂ act(W₁ LN₂ x).   x: [B, L, D] */
function clipLayer(s: Scope, x: Value, config: ClipLayersConfig, bias: Value | undefined): Value {
  x = add(x, selfAttention(s.at("self_attn"), layerNorm(s.at("layer_norm1"), x, config.eps), config.numHeads, bias));
  return add(x, feedForward(s.at("mlp"), layerNorm(s.at("layer_norm2"), x, config.eps), config));
}

/** softmax(QKᵀ/√d + bias)V with Q, K, V linear in x.   x: [B, L, D] */
function selfAttention(s: Scope, x: Value, numHeads: number, bias: Value | undefined): Value {
  const width = size(x, -1);
  const project = (name: string) => linear(s.at(name), x, width);
  const heads = attention(project("q_proj"), project("k_proj"), project("v_proj"), numHeads, bias);
  return linear(s.at("out_proj"), heads, width);
}

/** W₂ act(W₁ x) */
function feedForward(s: Scope, x: Value, config: ClipLayersConfig): Value {
  const act = config.activation === "gelu" ? gelu : quickGelu;
  return linear(s.at("fc2"), act(linear(s.at("fc1"), x, config.feedForwardWidth)), size(x, -1));
}
