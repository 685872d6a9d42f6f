import { BackdropError } from "../../shared/errors.ts";
import { size, type Value } from "../onnx/graph.ts";
import { attention } from "../onnx/nn.ts";
import {
  add,
  concat,
  div,
  expandBatch,
  gelu,
  matmul,
  matmulTransposed,
  mul,
  reshape,
  split,
  sum,
} from "../onnx/ops.ts";
import type { Scope, Weights } from "../onnx/scope.ts";
import { visibilityBias } from "./attentionBias.ts";
import type { VisionTokens } from "./clipVision.ts";
import { layerNorm, linear } from "./layers.ts";

/** Eq. 3 with projections and norms, for models trained here (R5). */
export interface LinearCompressionConfig {
  readonly type: "linear";
  /** c, the number of image tokens */
  readonly tokens: number;
  /** d, the width of queries, keys and values */
  readonly innerWidth: number;
  /** D, the width of the image tokens */
  readonly width: number;
}

/** The Perceiver resampler of IP-Adapter-plus, for public weights (R5). */
export interface ResamplerConfig {
  readonly type: "resampler";
  readonly tokens: number;
  readonly innerWidth: number;
  readonly width: number;
  readonly layers: number;
  readonly numHeads: number;
  readonly feedForwardWidth: number;
}

export type CompressionConfig = LinearCompressionConfig | ResamplerConfig;

/** IP-Adapter fixes the width of the resampler's heads and writes it nowhere. */
const resamplerHeadWidth = 64;

/** `ip_adapter.safetensors` has no config beside it: the sizes are those of its tensors under `image_proj.`. */
export function readCompressionConfig(weights: Weights, type: CompressionConfig["type"]): CompressionConfig {
  const shape = (key: string): readonly number[] => {
    const tensor = weights.get(`image_proj.${key}`);
    if (tensor) return tensor.shape;
    throw new BackdropError(
      "model_corrupt",
      `ip_adapter/image_proj.${key}: not in the checkpoint, so this is no adapter with ${type} token compression; install the model again or correct tokenCompression in backdrop.json`,
    );
  };
  const [, tokens = 0, innerWidth = 0] = shape("latents");
  const [width = 0] = shape("proj_out.weight");
  const common = { tokens, innerWidth, width };
  if (type === "linear") return { type, ...common };
  const layers = new Set([...weights.keys()].map((key) => /^image_proj\.layers\.(\d+)\./.exec(key)?.[1]));
  layers.delete(undefined);
  return {
    type,
    ...common,
    layers: layers.size,
    numHeads: resamplerHeads(shape("layers.0.0.to_q.weight")),
    feedForwardWidth: shape("layers.0.1.1.weight")[0] ?? 0,
  };
}

function resamplerHeads([queryWidth = 0]: readonly number[]): number {
  if (queryWidth > 0 && queryWidth % resamplerHeadWidth === 0) return queryWidth / resamplerHeadWidth;
  throw new BackdropError(
    "model_corrupt",
    `ip_adapter/image_proj.layers.0.0.to_q.weight: expected a multiple of ${resamplerHeadWidth} rows, got ${queryWidth}; this is no IP-Adapter-plus resampler`,
  );
}

/** Image tokens [B, c, D] from vision tokens [B, N+1, Cv]. */
export function compressTokens(s: Scope, vision: VisionTokens, config: CompressionConfig): Value {
  return config.type === "linear" ? compressLinear(s, vision, config) : resample(s, vision, config);
}

/**
 * Eq. 3: Z' = Q·Kᵀ·V/n with K and V linear in LN Z, Q learned; tokens = LN(W Z' + b).
 * n is the number of visible tokens, so that the size of Z' does not depend on how many were dropped.
 */
function compressLinear(s: Scope, { hidden, visible }: VisionTokens, config: LinearCompressionConfig): Value {
  const [batch = 1] = hidden.shape;
  const z = layerNorm(s.at("norm_in"), hidden);
  const mask = visible && reshape(visible, [batch, size(visible, 1), 1]);
  const project = (name: string) => {
    const x = linear(s.at(name), z, config.innerWidth, { bias: false });
    return mask ? mul(x, mask) : x;
  };
  const q = s.weight("latents", [1, config.tokens, config.innerWidth]);
  const k = project("to_k");
  const v = project("to_v");
  const n = mask ? sum(mask, 1) : size(hidden, 1);
  const compressed = div(matmul(matmulTransposed(q, k), v), n);
  return layerNorm(s.at("norm_out"), linear(s.at("proj_out"), compressed, config.width));
}

/**
 * latents ← latents + Attn(latents, [x; latents]); latents ← latents + FF(latents), with x = W_in Z;
 * tokens = LN(W_out latents).
 * @see https://github.com/tencent-ailab/IP-Adapter/blob/main/ip_adapter/resampler.py
 */
function resample(s: Scope, { hidden, visible }: VisionTokens, config: ResamplerConfig): Value {
  const x = linear(s.at("proj_in"), hidden, config.innerWidth);
  const bias = visible && visibilityBias(withLatents(visible, config.tokens), config.tokens);
  let latents = expandBatch(s.weight("latents", [1, config.tokens, config.innerWidth]), hidden);
  for (let i = 0; i < config.layers; i++) {
    const layer = s.at("layers", i);
    latents = add(latents, perceiverAttention(layer.at(0), x, latents, config, bias));
    latents = add(latents, feedForward(layer.at(1), latents, config));
  }
  return layerNorm(s.at("norm_out"), linear(s.at("proj_out"), latents, config.width));
}

/** softmax(QKᵀ/√d + bias)V with Q linear in LN₂ latents, K and V linear in [LN₁ x; LN₂ latents]. */
function perceiverAttention(
  s: Scope,
  x: Value,
  latents: Value,
  config: ResamplerConfig,
  bias: Value | undefined,
): Value {
  const width = config.numHeads * resamplerHeadWidth;
  const queries = layerNorm(s.at("norm2"), latents);
  const keys = concat([layerNorm(s.at("norm1"), x), queries], 1);
  const [k, v] = split(linear(s.at("to_kv"), keys, 2 * width, { bias: false }), 2, -1);
  if (!k || !v) throw new Error("two halves");
  const q = linear(s.at("to_q"), queries, width, { bias: false });
  return linear(s.at("to_out"), attention(q, k, v, config.numHeads, bias), config.innerWidth, { bias: false });
}

/** W₃ gelu(W₁ LN₀ x) */
function feedForward(s: Scope, x: Value, config: ResamplerConfig): Value {
  const h = gelu(linear(s.at(1), layerNorm(s.at(0), x), config.feedForwardWidth, { bias: false }));
  return linear(s.at(3), h, config.innerWidth, { bias: false });
}

/** The resampler's own latents are always visible.   [B, N+1] → [B, N+1+c] */
function withLatents(visible: Value, tokens: number): Value {
  const ones = visible.graph.constant(new Float32Array(tokens).fill(1), [1, tokens]);
  return concat([visible, expandBatch(ones, visible)], 1);
}
