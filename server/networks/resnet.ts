import type { Value } from "../onnx/graph.ts";
import { channels, toPixel } from "../onnx/layout.ts";
import { upsampleNearest2 } from "../onnx/nn.ts";
import { add } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, conv3x3, linear, type Normalisation, siluGroupNorm } from "./layers.ts";

/**
 * h = conv1(silu(norm1 x)) + time_emb_proj(silu t); h = conv2(silu(norm2 h)); shortcut(x) + h.
 * x: [B, C, H, W], time: silu of the time embedding [1|B, T], absent in autoencoders → [B, outChannels, H, W]
 */
export function resnetBlock(
  s: Scope,
  x: Value,
  time: Value | undefined,
  outChannels: number,
  norm: Normalisation,
): Value {
  let h = conv3x3(s.at("conv1"), siluGroupNorm(s.at("norm1"), x, norm), outChannels);
  if (time) h = add(h, toPixel(linear(s.at("time_emb_proj"), time, outChannels)));
  h = conv3x3(s.at("conv2"), siluGroupNorm(s.at("norm2"), h, norm), outChannels);
  return add(channels(x) === outChannels ? x : conv(s.at("conv_shortcut"), x, outChannels, 1), h);
}

/** Halves height and width by a 3×3 convolution of stride 2. */
export function downsample(s: Scope, x: Value): Value {
  return conv(s.at("conv"), x, channels(x), 3, { stride: 2, padding: 1 });
}

/** Doubles height and width, then a 3×3 convolution. */
export function upsample(s: Scope, x: Value): Value {
  return conv3x3(s.at("conv"), upsampleNearest2(x), channels(x));
}
