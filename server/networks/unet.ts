import type { Value } from "../onnx/graph.ts";
import { add } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { conv3x3, siluGroupNorm } from "./layers.ts";
import type { Prompts } from "./maskEncoderAttention.ts";
import { type AddedConditions, timeEmbedding } from "./timestep.ts";
import { decode, type Encoded, encode } from "./unetBlocks.ts";
import type { UNetConfig } from "./unetConfig.ts";

/** What a denoising network sees of one step. */
export interface StepInputs {
  /** Noisy latents [B, 4, H, W]. */
  readonly sample: Value;
  /** [1], float32 */
  readonly timestep: Value;
  /** SDXL only. */
  readonly added: AddedConditions | undefined;
}

/**
 * diffusers' UNet2DConditionModel: the noise (or velocity) in `sample`.   → [B, 4, H, W]
 * @param prompts one entry a resolution, finest first
 * @param control the ControlNet's residuals, added to what the way down and the middle give
 */
export function unet(
  s: Scope,
  inputs: StepInputs,
  config: UNetConfig,
  prompts: readonly Prompts[],
  control: Encoded,
): Value {
  const time = timeEmbedding(s, inputs.timestep, config, inputs.added);
  const conditions = { config, time, prompts };
  const channels = config.down[0]?.channels ?? 0;
  const encoded = encode(s, conv3x3(s.at("conv_in"), inputs.sample, channels), conditions);
  const h = decode(s, addControl(encoded, control), config.up, conditions);
  const out = siluGroupNorm(s.at("conv_norm_out"), h, config);
  return conv3x3(s.at("conv_out"), out, config.outChannels);
}

function addControl({ h, skips }: Encoded, control: Encoded): Encoded {
  return {
    h: add(h, control.h),
    skips: skips.map((skip, i) => {
      const residual = control.skips[i];
      if (!residual) throw new Error(`the ControlNet gives no residual ${i}`);
      return add(skip, residual);
    }),
  };
}
