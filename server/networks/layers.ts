import { size, type Value } from "../onnx/graph.ts";
import { channels } from "../onnx/layout.ts";
import * as nn from "../onnx/nn.ts";
import { add } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";

// Layers: an operator of server/onnx with the weights that PyTorch's layer of the same name keeps.

interface WithBias {
  /** Whether the layer was made with a bias; a checkpoint that disagrees is refused. */
  readonly bias?: boolean;
}

/** x·Wᵀ + b on the last axis. Reads weight [out,in] and bias [out]. */
export function linear(s: Scope, x: Value, outFeatures: number, { bias = true }: WithBias = {}): Value {
  const y = nn.linear(x, s.weight("weight", [outFeatures, size(x, -1)]));
  return bias ? add(y, s.weight("bias", [outFeatures])) : y;
}

/** a · gelu(b) with a‖b = x·Wᵀ + bias (Shazeer 2020, GEGLU). Reads weight [2·out,in] and bias [2·out]. */
export function geglu(s: Scope, x: Value, outFeatures: number): Value {
  const both = nn.linear(x, s.weight("weight", [2 * outFeatures, size(x, -1)]));
  return nn.gatedGelu(both, s.weight("bias", [2 * outFeatures]));
}

/** Reads weight [out,in,k,k] and bias [out]. */
export function conv(
  s: Scope,
  x: Value,
  outChannels: number,
  kernel: number,
  { bias = true, ...options }: nn.Convolution & WithBias = {},
): Value {
  const weight = s.weight("weight", [outChannels, channels(x), kernel, kernel]);
  return nn.conv2d(x, weight, bias ? s.weight("bias", [outChannels]) : undefined, options);
}

/** 3×3 convolution that keeps the size. */
export function conv3x3(s: Scope, x: Value, outChannels: number, options: WithBias = {}): Value {
  return conv(s, x, outChannels, 3, { padding: 1, ...options });
}

export function layerNorm(s: Scope, x: Value, eps = 1e-5): Value {
  const width = [size(x, -1)];
  return nn.layerNorm(x, s.weight("weight", width), s.weight("bias", width), eps);
}

export interface Normalisation {
  readonly numGroups: number;
  readonly eps: number;
  /** from the mean and variance of x's groups [B,G,2] to those that the norm goes by, where they are others */
  readonly moments?: ((own: () => Value) => Value) | undefined;
}

export function groupNorm(
  s: Scope,
  x: Value,
  { numGroups, eps, moments }: Normalisation,
  activation: nn.Activation = "none",
): Value {
  const [gamma, beta] = [s.weight("weight", [channels(x)]), s.weight("bias", [channels(x)])];
  if (moments === undefined) return nn.groupNorm(x, gamma, beta, numGroups, eps, activation);
  return nn.groupNormBy(
    moments(() => nn.groupMoments(x, numGroups)),
    x,
    gamma,
    beta,
    eps,
    activation,
  );
}

/** silu of the group norm, which GPUs' providers have in one operator */
export function siluGroupNorm(s: Scope, x: Value, norm: Normalisation): Value {
  return groupNorm(s, x, norm, "silu");
}
