import type { Size } from "../../shared/geometry.ts";
import { concatBatch, type FloatTensor, floats, lastOfBatch } from "../runtime/tensor.ts";
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
}

export interface Step {
  readonly latents: Float32Array;
  readonly timestep: number;
  /** 1 is none: then only the conditional prediction is computed */
  readonly guidance: number;
  readonly controlScale: number;
}

/** The guided prediction [1, 4, h, w] of the ControlNet and the UNet with MEPA: ε or v, as the scheduler says. */
export async function predictNoise(
  model: Model,
  { latents, timestep, guidance, controlScale }: Step,
  { work, text, imageTokens, decision, fusion, control }: Conditions,
): Promise<Float32Array> {
  const batch = guidance === 1 ? 1 : 2;
  const dims = latentDims(work);
  const [, channels, height, width] = dims;
  const sample = floats(latents, dims);
  const outputs = await model.run(
    { graph: "denoiser", width: work.width, height: work.height },
    {
      sample: batch === 2 ? concatBatch([sample, sample]) : sample,
      timestep: floats([timestep], [1]),
      encoder_hidden_states: lastOfBatch(text.hiddenStates, batch),
      image_tokens: lastOfBatch(imageTokens, batch),
      query_mask: floats(decision.data, [1, 1, height, width]),
      fusion: floats(fusion.gates, [3]),
      image_scale: floats([fusion.imageScale], [1]),
      control_embedding: control,
      control_scale: floats([controlScale], [1]),
      ...(text.pooled && { text_embeds: lastOfBatch(text.pooled, batch), time_ids: timeIds(work, batch) }),
    },
  );
  const { data } = floatOutput(outputs, "noise_prediction", [batch, channels, height, width]);
  return guide(data, batch, guidance, model.package.guidanceRescale);
}

/** SDXL's micro-conditioning [B, 6]: original size, crop corner and target size, height first. */
function timeIds({ width, height }: Size, batch: 1 | 2): FloatTensor {
  const ids = floats([height, width, 0, 0, height, width], [1, 6]);
  return batch === 2 ? concatBatch([ids, ids]) : ids;
}
