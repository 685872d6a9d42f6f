import { size, type Value } from "../onnx/graph.ts";
import { channels, toPicture, toSequence } from "../onnx/layout.ts";
import { attention } from "../onnx/nn.ts";
import { add } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, geglu, groupNorm, layerNorm, linear } from "./layers.ts";
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
  const width = channels(x);
  const normal = groupNorm(s.at("norm"), x, { numGroups: config.numGroups, eps: groupNormEps });
  // A 1×1 convolution and a linear layer are the same product; only the order of axes and the stored shape differ.
  let h = config.linearProjection
    ? linear(s.at("proj_in"), toSequence(normal), width)
    : toSequence(conv(s.at("proj_in"), normal, width, 1));
  for (let i = 0; i < attention.layers; i++) {
    h = transformerBlock(s.at("transformer_blocks", i), h, attention.numHeads, prompts);
  }
  const out = config.linearProjection
    ? toPicture(linear(s.at("proj_out"), h, width), x)
    : conv(s.at("proj_out"), toPicture(h, x), width, 1);
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
  const width = size(x, -1);
  const project = (name: string) => linear(s.at(name), x, width, { bias: false });
  return linear(s.at("to_out", 0), attention(project("to_q"), project("to_k"), project("to_v"), numHeads), width);
}

/** W₂·geglu(W₁x), inner width 4C.   x: [B, HW, C] */
function feedForward(s: Scope, x: Value): Value {
  const width = size(x, -1);
  return linear(s.at(2), geglu(s.at(0, "proj"), x, 4 * width), width);
}
