import { size, type Value } from "../onnx/graph.ts";
import { upsampleNearest2 } from "../onnx/nn.ts";
import { add, reshape, silu } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, conv3x3, groupNorm, linear } from "./layers.ts";

interface Normalisation {
  readonly numGroups: number;
  readonly eps: number;
}

/**
 * h = conv1(silu(norm1 x)) + time_emb_proj(silu t); h = conv2(silu(norm2 h)); shortcut(x) + h.
 * x: [B, C, H, W], time: silu of the time embedding [1|B, T], absent in autoencoders → [B, channels, H, W]
 */
export function resnetBlock(s: Scope, x: Value, time: Value | undefined, channels: number, norm: Normalisation): Value {
  const normalise = (at: Scope, value: Value) => groupNorm(at, value, norm.numGroups, norm.eps);
  let h = conv3x3(s.at("conv1"), silu(normalise(s.at("norm1"), x)), channels);
  if (time) {
    const shift = linear(s.at("time_emb_proj"), time, channels);
    h = add(h, reshape(shift, [shift.shape[0] ?? 1, channels, 1, 1]));
  }
  h = conv3x3(s.at("conv2"), silu(normalise(s.at("norm2"), h)), channels);
  return add(size(x, 1) === channels ? x : conv(s.at("conv_shortcut"), x, channels, 1), h);
}

/** Halves height and width by a 3×3 convolution of stride 2. */
export function downsample(s: Scope, x: Value): Value {
  return conv(s.at("conv"), x, size(x, 1), 3, { stride: 2, padding: 1 });
}

/** Doubles height and width, then a 3×3 convolution. */
export function upsample(s: Scope, x: Value): Value {
  return conv3x3(s.at("conv"), upsampleNearest2(x), size(x, 1));
}
