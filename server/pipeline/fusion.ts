import type { Decided } from "../../shared/modelDefaults.ts";
import type { Settings } from "../../shared/settings.ts";

/**
 * One denoiser graph serves every way in which the prompts meet (R6, R7). With M = soft D and the gates [q, fₜ, fᵢ]:
 * A = (1 − fₜ·M)·softmax((1 − q·M)·Q·Kₜᵀ/√d)·Vₜ + λ·(1 − fᵢ·(1 − M))·softmax((1 − q·(1 − M))·Q·Kᵢᵀ/√d)·Vᵢ,
 * M binarised at ½ inside the softmaxes.
 */
export interface FusionInputs {
  readonly gates: readonly [queryGate: number, textOutputGate: number, imageOutputGate: number];
  /** λ */
  readonly imageScale: number;
  readonly prompt: string;
}

export function fusionInputs({ fusion, imageScale, prompt }: Decided<Settings>): FusionInputs {
  switch (fusion) {
    case "query": // Eq. 6
      return { gates: [1, 0, 0], imageScale, prompt };
    case "output":
      return { gates: [0, 1, 1], imageScale, prompt };
    case "global": // Eq. 4
      return { gates: [0, 0, 0], imageScale, prompt };
    case "image": // Eq. 4 without words, the paper's I-prompt
      return { gates: [0, 0, 0], imageScale, prompt: "" };
    case "text": // Eq. 4 with λ = 0
      return { gates: [0, 0, 0], imageScale: 0, prompt };
  }
}
