import type { Size } from "../../shared/geometry.ts";
import { concatBatch, type FloatTensor, floats } from "../runtime/tensor.ts";
import type { EncodedText } from "./encodePrompt.ts";
import type { FusionInputs } from "./fusion.ts";
import { guide } from "./guidance.ts";
import { latentDims } from "./latents.ts";
import { floatOutput, type Model } from "./model.ts";
import type { Plane } from "./plane.ts";

/** Everything that stays the same from step to step. */
export interface Conditions {
  /** px of the painted picture */
  readonly work: Size;
  readonly text: EncodedText;
  /** [B, c, D] */
  readonly imageTokens: FloatTensor;
  /** D at latent size */
  readonly decision: Plane;
  readonly fusion: FusionInputs;
  /** [1, c0, h, w] */
  readonly control: FloatTensor;
  readonly depthScale: number;
  readonly guidance: number;
}

/** The guided prediction [1, 4, h, w] of the ControlNet and the UNet with MEPA: ε or v, as the scheduler says. */
export async function predictNoise(
  model: Model,
  latents: Float32Array,
  timestep: number,
  conditions: Conditions,
): Promise<Float32Array> {
  const { work, text, decision, fusion } = conditions;
  const batch = conditions.guidance === 1 ? 1 : 2;
  const dims = latentDims(work);
  const [, channels, height, width] = dims;
  const sample = floats(latents, dims);
  const outputs = await model.run(
    { graph: "denoiser", width: work.width, height: work.height },
    {
      sample: batch === 2 ? concatBatch([sample, sample]) : sample,
      timestep: floats([timestep], [1]),
      encoder_hidden_states: text.hiddenStates,
      image_tokens: conditions.imageTokens,
      query_mask: floats(decision.data, [1, 1, height, width]),
      fusion: floats(fusion.gates, [3]),
      image_scale: floats([fusion.imageScale], [1]),
      control_embedding: conditions.control,
      control_scale: floats([conditions.depthScale], [1]),
      ...(text.pooled && { text_embeds: text.pooled, time_ids: timeIds(work, batch) }),
    },
  );
  const { data } = floatOutput(outputs, "noise_prediction", [batch, channels, height, width]);
  return guide(data, batch, conditions.guidance, model.package.guidanceRescale);
}

/** SDXL's micro-conditioning [B, 6]: original size, crop corner and target size, height first. */
function timeIds({ width, height }: Size, batch: 1 | 2): FloatTensor {
  const ids = floats([height, width, 0, 0, height, width], [1, 6]);
  return batch === 2 ? concatBatch([ids, ids]) : ids;
}
