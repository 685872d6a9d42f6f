import type { Value } from "../onnx/graph.ts";
import { joinChannels } from "../onnx/layout.ts";
import type { Scope } from "../onnx/scope.ts";
import type { Prompts } from "./maskEncoderAttention.ts";
import { downsample, resnetBlock, upsample } from "./resnet.ts";
import { transformer2d } from "./transformer.ts";
import type { BlockConfig, EncoderConfig } from "./unetConfig.ts";

/** What every block of a UNet takes besides its input. */
export interface Conditions {
  readonly config: EncoderConfig;
  /** silu of the time embedding [1|B, T]. */
  readonly time: Value;
  /** One entry a resolution, finest first. */
  readonly prompts: readonly Prompts[];
}

/** The inputs of all down-sampling steps: what the way up takes back. */
export interface Encoded {
  readonly h: Value;
  readonly skips: readonly Value[];
}

/** The way down and the middle. `skips` begins with h itself.   h: [B, C₀, H, W], after conv_in */
export function encode(s: Scope, h: Value, conditions: Conditions): Encoded {
  const { config } = conditions;
  const skips = [h];
  config.down.forEach((block, level) => {
    const at = s.at("down_blocks", level);
    for (let i = 0; i < block.layers; i++) {
      h = resnetThenAttention(at, i, h, block, level, conditions);
      skips.push(h);
    }
    if (level < config.down.length - 1) {
      h = downsample(at.at("downsamplers", 0), h);
      skips.push(h);
    }
  });
  return { h: midBlock(s.at("mid_block"), h, conditions), skips };
}

/** The way up; every ResNet block takes back one skip, the last first.   → [B, C₀, H, W] */
export function decode(s: Scope, { h, skips }: Encoded, up: readonly BlockConfig[], conditions: Conditions): Value {
  const remaining = [...skips];
  up.forEach((block, i) => {
    const at = s.at("up_blocks", i);
    const level = up.length - 1 - i;
    for (let j = 0; j <= block.layers; j++) {
      const skip = remaining.pop();
      if (!skip) throw new Error("the way up takes more skips than the way down leaves");
      h = resnetThenAttention(at, j, joinChannels(h, skip), block, level, conditions);
    }
    if (level > 0) h = upsample(at.at("upsamplers", 0), h);
  });
  return h;
}

function midBlock(s: Scope, h: Value, conditions: Conditions): Value {
  const { config, time } = conditions;
  h = resnetThenAttention(s, 0, h, config.mid, config.down.length - 1, conditions);
  // UNetMidBlock2D, the kind without attention, ends here.
  return config.mid.attention ? resnetBlock(s.at("resnets", 1), h, time, config.mid.channels, config) : h;
}

function resnetThenAttention(
  s: Scope,
  i: number,
  h: Value,
  block: BlockConfig,
  level: number,
  { config, time, prompts }: Conditions,
): Value {
  h = resnetBlock(s.at("resnets", i), h, time, block.channels, config);
  if (!block.attention) return h;
  const prompt = prompts[level];
  if (!prompt) throw new Error(`no prompts at level ${level}`);
  return transformer2d(s.at("attentions", i), h, block.attention, prompt, config);
}
