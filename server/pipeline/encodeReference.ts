import type { Size } from "../../shared/geometry.ts";
import { toPlanes } from "../image/floats.ts";
import { concatBatch, type FloatTensor, floats, zeros } from "../runtime/tensor.ts";
import { floatOutput, type Model } from "./model.ts";
import { patchVisibility } from "./patchVisibility.ts";
import { fitReference, type Reference } from "./reference.ts";

/**
 * The reference as image tokens [B, c, D]: PFV (Eq. 1, 2), the vision encoder and token compression (Eq. 3). Under
 * guidance B = 2, the unconditional tokens first: zero pixels after normalisation, every patch visible (as IP-Adapter-plus).
 * @param threshold τ of PFV; undefined shows every patch
 */
export async function encodeReference(
  model: Model,
  reference: Reference,
  threshold: number | undefined,
  guided: boolean,
): Promise<FloatTensor> {
  const { imageSize, patchSize, mean, std } = model.package.vision;
  const square: Size = { width: imageSize, height: imageSize };
  const patchCount = (imageSize / patchSize) ** 2;
  const allVisible = floats(new Float32Array(patchCount).fill(1), [1, patchCount]);

  const { image, mask } = await fitReference(reference, square);
  const pixels = floats(toPlanes(image, mean, std), [1, 3, imageSize, imageSize]);
  const patchMask =
    threshold === undefined ? allVisible : floats(patchVisibility(mask, patchSize, threshold), [1, patchCount]);

  const batch = guided ? 2 : 1;
  const outputs = await model.run(
    { graph: "vision" },
    {
      pixel_values: guided ? concatBatch([zeros(pixels.dims), pixels]) : pixels,
      patch_mask: guided ? concatBatch([allVisible, patchMask]) : patchMask,
    },
  );
  return floatOutput(outputs, "image_tokens", [batch, undefined, undefined]);
}
