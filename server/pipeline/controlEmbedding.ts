import { type FloatTensor, floats } from "../runtime/tensor.ts";
import { latentDims } from "./latents.ts";
import { floatOutput, type Model } from "./model.ts";
import type { Plane } from "./plane.ts";

/**
 * What steers the layout (3.4, R8): the product's depth, and the masked reference's depth where the product is not.
 * `stacked` [1, 2, H, W] keeps them apart; `composite` [1, 3, H, W] is one grey picture, the product in front.
 * The step-independent part of the ControlNet runs here once.
 */
export async function controlEmbedding(
  model: Model,
  depth: { readonly product: Plane; readonly reference: Plane },
  productMask: Plane,
): Promise<FloatTensor> {
  const { width, height } = productMask;
  const behind = depth.reference.data.map((value, i) => value * (1 - (productMask.data[i] ?? 0)));
  const planes =
    model.package.depth.conditioning === "stacked"
      ? [depth.product.data, behind]
      : Array.from({ length: 3 }, () => depth.product.data.map((value, i) => value + (behind[i] ?? 0)));

  const picture = new Float32Array(planes.length * width * height);
  planes.forEach((plane, channel) => {
    picture.set(plane, channel * width * height);
  });
  const outputs = await model.run(
    { graph: "control", width, height },
    { control_image: floats(picture, [1, planes.length, height, width]) },
  );
  const [, , latentHeight, latentWidth] = latentDims({ width, height });
  return floatOutput(outputs, "control_embedding", [1, undefined, latentHeight, latentWidth]);
}
