import type { Value } from "../onnx/graph.ts";
import { channels } from "../onnx/layout.ts";
import { add, cast, isPositive, mul, silu } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv, conv3x3 } from "./layers.ts";
import type { Prompts } from "./maskEncoderAttention.ts";
import { timeEmbedding } from "./timestep.ts";
import type { StepInputs } from "./unet.ts";
import { type Encoded, encode } from "./unetBlocks.ts";
import type { ControlNetConfig } from "./unetConfig.ts";

/** The residuals where `scale` [1] is above 0; elsewhere the ControlNet is not computed, and they are zero. */
export function whereScaled(scale: Value, residuals: () => Encoded): Encoded {
  const { graph } = scale;
  let count = 0;
  const computed = () => {
    const { h, skips } = residuals();
    count = skips.length + 1;
    return [h, ...skips];
  };
  const zero = cast(graph.constant(Float32Array.of(0), [1, 1, 1, 1]), graph.float);
  const [h, ...skips] = graph.branch(isPositive(scale), computed, () => Array.from({ length: count }, () => zero));
  if (!h) throw new Error("the ControlNet gives no residual for the middle");
  return { h, skips };
}

/**
 * diffusers' ControlNetModel: residuals for the UNet's skips and middle, times `scale`.
 * @param embedding of the control picture, see `conditioningEmbedding` [1, C₀, H, W]
 * @param scale [1]
 */
export function controlNet(
  s: Scope,
  inputs: StepInputs,
  embedding: Value,
  scale: Value,
  config: ControlNetConfig,
  prompts: readonly Prompts[],
): Encoded {
  const time = timeEmbedding(s, inputs.timestep, config, inputs.added);
  const start = add(conv3x3(s.at("conv_in"), inputs.sample, channels(embedding)), embedding);
  const { h, skips } = encode(s, start, { config, time, prompts });
  const residual = (at: Scope, x: Value) => mul(conv(at, x, channels(x), 1), scale);
  return {
    h: residual(s.at("controlnet_mid_block"), h),
    skips: skips.map((skip, i) => residual(s.at("controlnet_down_blocks", i), skip)),
  };
}

/**
 * diffusers' ControlNetConditioningEmbedding. It does not depend on the step, so it has a graph of its own.
 * picture: [B, C, H, W] in [0,1] → [B, C₀, H/8, W/8]
 */
export function conditioningEmbedding(s: Scope, picture: Value, config: ControlNetConfig): Value {
  const [first = 0] = config.conditioningWidths;
  let h = silu(conv3x3(s.at("conv_in"), picture, first));
  config.conditioningWidths.slice(1).forEach((width, i) => {
    h = silu(conv3x3(s.at("blocks", 2 * i), h, channels(h)));
    h = silu(conv(s.at("blocks", 2 * i + 1), h, width, 3, { stride: 2, padding: 1 }));
  });
  return conv3x3(s.at("conv_out"), h, config.down[0]?.channels ?? 0);
}
