import { size, type Value } from "../onnx/graph.ts";
import { attention } from "../onnx/nn.ts";
import { add, gelu, mul, reshape, split, transpose } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, groupNorm, layerNorm, linear } from "./layers.ts";
import { maskEncoderAttention, type Prompts } from "./maskEncoderAttention.ts";
import type { AttentionConfig, EncoderConfig } from "./unetConfig.ts";

/** Transformer2DModel fixes this, whatever the UNet's norm_eps. */
const groupNormEps = 1e-6;

/** x + proj_out(blocks(proj_in(norm x))), the pixels taken as a sequence.   x: [B, C, H, W] */
export function transformer2d(
  s: Scope,
  x: Value,
  attention: AttentionConfig,
  prompts: Prompts,
  config: Pick<EncoderConfig, "numGroups" | "linearProjection">,
): Value {
  const channels = size(x, 1);
  const normal = groupNorm(s.at("norm"), x, config.numGroups, groupNormEps);
  // A 1×1 convolution and a linear layer are the same product; only the order of axes and the stored shape differ.
  let h = config.linearProjection
    ? linear(s.at("proj_in"), toSequence(normal), channels)
    : toSequence(conv(s.at("proj_in"), normal, channels, 1));
  for (let i = 0; i < attention.layers; i++) {
    h = transformerBlock(s.at("transformer_blocks", i), h, attention.numHeads, prompts);
  }
  const out = config.linearProjection
    ? toPicture(linear(s.at("proj_out"), h, channels), x)
    : conv(s.at("proj_out"), toPicture(h, x), channels, 1);
  return add(out, x);
}

/** x ← x + SelfAttn(LN x); x ← x + MECA(LN x, prompts); x ← x + FF(LN x).   x: [B, HW, C] */
function transformerBlock(s: Scope, x: Value, numHeads: number, prompts: Prompts): Value {
  x = add(x, selfAttention(s.at("attn1"), layerNorm(s.at("norm1"), x), numHeads));
  x = add(x, maskEncoderAttention(s.at("attn2"), layerNorm(s.at("norm2"), x), numHeads, prompts));
  return add(x, feedForward(s.at("ff", "net"), layerNorm(s.at("norm3"), x)));
}

/** softmax(QKᵀ/√d)V with Q, K, V linear in x.   x: [B, HW, C] */
function selfAttention(s: Scope, x: Value, numHeads: number): Value {
  const channels = size(x, -1);
  const project = (name: string) => linear(s.at(name), x, channels, { bias: false });
  return linear(s.at("to_out", 0), attention(project("to_q"), project("to_k"), project("to_v"), numHeads), channels);
}

/** W₂(a · gelu(b)) with a‖b = W₁x (GEGLU, inner width 4C).   x: [B, HW, C] */
function feedForward(s: Scope, x: Value): Value {
  const channels = size(x, -1);
  const [a, b] = split(linear(s.at(0, "proj"), x, 8 * channels), 2, -1);
  if (!a || !b) throw new Error("two halves");
  return linear(s.at(2), mul(a, gelu(b)), channels);
}

/** [B, C, H, W] → [B, HW, C] */
function toSequence(x: Value): Value {
  return transpose(reshape(x, [x.shape[0] ?? 1, size(x, 1), size(x, 2) * size(x, 3)]), [0, 2, 1]);
}

/** [B, HW, C] → the shape of `like`, [B, C, H, W] */
function toPicture(x: Value, like: Value): Value {
  return reshape(transpose(x, [0, 2, 1]), like.shape);
}
