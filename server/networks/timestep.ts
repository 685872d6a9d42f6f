import { size, type Value } from "../onnx/graph.ts";
import { add, cast, concat, cos, mul, reshape, silu, sin } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { linear } from "./layers.ts";
import type { EncoderConfig } from "./unetConfig.ts";

/** Period of the slowest wave, in steps (Ho et al. 2020, following Vaswani et al. 2017). */
const maxPeriod = 10_000;

/** What `text_time` conditioning takes (SDXL). */
export interface AddedConditions {
  /** Pooled text embedding [B, P]. */
  readonly textEmbeds: Value;
  /** Original size, crop and target size, height first [B, 6], float32. */
  readonly timeIds: Value;
}

/**
 * silu(MLP(sinusoid t) + MLP(pooled ‖ sinusoid of the sizes)).   t: [1] → [1|B, 4·channels]
 * Every ResNet block takes the silu of the time embedding, so it is taken here, once.
 */
export function timeEmbedding(s: Scope, t: Value, config: EncoderConfig, added: AddedConditions | undefined): Value {
  const channels = config.down[0]?.channels ?? 0;
  const width = 4 * channels;
  const time = timestepEmbedding(s.at("time_embedding"), sinusoid(t, channels, config), width);
  if (!config.addition || !added) return silu(time);
  const sizes = reshape(sinusoid(added.timeIds, config.addition.timeIdWidth, config), [
    "B",
    size(added.timeIds, 1) * config.addition.timeIdWidth,
  ]);
  return silu(add(time, timestepEmbedding(s.at("add_embedding"), concat([added.textEmbeds, sizes], -1), width)));
}

/** sin(t·ω) and cos(t·ω), ωᵢ = maxPeriod^(−i/(width/2 − shift)); diffusers' Timesteps.   t: [..], float32 → [.., width] */
function sinusoid(
  t: Value,
  width: number,
  { flipSinToCos, freqShift }: Pick<EncoderConfig, "flipSinToCos" | "freqShift">,
): Value {
  const half = width / 2;
  const frequency = (i: number) => maxPeriod ** (-i / (half - freqShift));
  const frequencies = t.graph.constant(
    Float32Array.from({ length: half }, (_, i) => frequency(i)),
    [half],
  );
  // In float32: half precision has no angle near 1000 that is right to a tenth.
  const angles = mul(reshape(t, [...t.shape, 1]), frequencies);
  const waves = flipSinToCos ? concat([cos(angles), sin(angles)], -1) : concat([sin(angles), cos(angles)], -1);
  return cast(waves, t.graph.float);
}

/** W₂·silu(W₁x), diffusers' TimestepEmbedding.   x: [N, C] → [N, width] */
function timestepEmbedding(s: Scope, x: Value, width: number): Value {
  return linear(s.at("linear_2"), silu(linear(s.at("linear_1"), x, width)), width);
}
