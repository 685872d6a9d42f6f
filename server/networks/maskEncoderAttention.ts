import { size, type Value } from "../onnx/graph.ts";
import { attention, averagePool2 } from "../onnx/nn.ts";
import { add, atLeast, mul, oneMinus, reshape, slice } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { elementCount } from "../onnx/shape.ts";
import { linear } from "./layers.ts";

// The mask encoder prompt adapter (MEPA, paper 3.3): decoupled cross-attention (Eq. 4) whose branches a mask of the
// image confines to their regions (Eq. 6), by attenuating queries or outputs.

/** What cross-attention attends to at one resolution. */
export interface Prompts {
  /** Text hidden states [B, L, D]. */
  readonly text: Value;
  /** Absent in the ControlNet, which sees the text only. */
  readonly image?: ImagePrompt;
}

export interface ImagePrompt {
  /** Compressed reference [B, c, D]. */
  readonly tokens: Value;
  readonly regions: Regions;
  /** Where the image projections of the cross-attention at `path` in the UNet are kept. */
  readonly weightsOf: (path: string) => Scope;
}

/** How strongly each branch takes part at each query, [1, HW, 1]. */
export interface Regions {
  readonly textQuery: Value;
  readonly imageQuery: Value;
  readonly textOutput: Value;
  readonly imageOutput: Value;
}

/** fusion [3] = (q, fₜ, fᵢ) and λ [1], by which one graph serves every fusion. */
export interface Fusion {
  readonly gates: Value;
  readonly imageScale: Value;
}

/**
 * A = Tₒ·softmax((T_q·Q)Kₜᵀ/√d)Vₜ + Iₒ·softmax((I_q·Q)Kᵢᵀ/√d)Vᵢ, with T and I of `regions`; then to_out.
 * Without an image prompt plain cross-attention.   x: [B, HW, C]
 */
export function maskEncoderAttention(s: Scope, x: Value, numHeads: number, { text, image }: Prompts): Value {
  const channels = size(x, -1);
  const project = (at: Scope, states: Value) => linear(at, states, channels, { bias: false });
  const q = project(s.at("to_q"), x);
  const attendText = (query: Value) =>
    attention(query, project(s.at("to_k"), text), project(s.at("to_v"), text), numHeads);
  const attendImage = (query: Value, { tokens, weightsOf }: ImagePrompt) => {
    const weights = weightsOf(s.path);
    return attention(query, project(weights.at("to_k_ip"), tokens), project(weights.at("to_v_ip"), tokens), numHeads);
  };
  if (!image) return linear(s.at("to_out", 0), attendText(q), channels);
  const { textQuery, imageQuery, textOutput, imageOutput } = image.regions;
  const a = add(
    mul(attendText(mul(q, textQuery)), textOutput),
    mul(attendImage(mul(q, imageQuery), image), imageOutput),
  );
  return linear(s.at("to_out", 0), a, channels);
}

/** Eq. 5, R6: the mask at each UNet resolution, finest first, averaged over 2×2 a step.   mask: [1, 1, h, w] */
export function maskPyramid(mask: Value, levels: number): Value[] {
  const pyramid = [mask];
  while (pyramid.length < levels) pyramid.push(averagePool2(pyramid.at(-1) ?? mask));
  return pyramid;
}

/**
 * T_q = 1 − q·hard, I_q = 1 − q·(1 − hard), Tₒ = 1 − fₜ·M, Iₒ = λ(1 − fᵢ·(1 − M)), hard = M ≥ ½ (R6).
 * fusion (q, fₜ, fᵢ) = (1,0,0) is Eq. 6 with a binary mask, (0,0,0) Eq. 4, (0,1,1) confines the outputs instead,
 * (0,0,1) is diffusers' IP-Adapter mask.   mask M: [1, 1, h, w], 1 = follows the image
 */
export function regions(mask: Value, { gates, imageScale }: Fusion): Regions {
  const [q, textGate, imageGate] = [0, 1, 2].map((i) => slice(gates, 0, i, i + 1));
  if (!q || !textGate || !imageGate) throw new Error("three gates");
  const m = reshape(mask, [1, elementCount(mask.shape), 1]);
  const hard = atLeast(m, 0.5);
  return {
    textQuery: oneMinus(mul(hard, q)),
    imageQuery: oneMinus(mul(oneMinus(hard), q)),
    textOutput: oneMinus(mul(m, textGate)),
    imageOutput: mul(oneMinus(mul(oneMinus(m), imageGate)), imageScale),
  };
}
