import type { Size } from "../../shared/geometry.ts";
import type { DepthReading } from "../checkpoint/modelPackage.ts";
import { toPlanes } from "../image/floats.ts";
import { resample, whole } from "../image/resize.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { floats } from "../runtime/tensor.ts";
import { floatOutput, type Model } from "./model.ts";
import { mapPlane, type Plane, resizePlane } from "./plane.ts";

/**
 * Disparity of a picture under a mask at the picture's size: 0 … 1, larger is nearer, 0 where the mask is 0.
 * Where the network leaves the scale open, the nearest point that the mask lets through is 1.
 * @param reading of the network that the model's `depth` graph is: the package's own, or a helper's
 */
export async function estimateDepth(
  model: Model,
  { imageSize, mean, std, scale }: DepthReading,
  image: RgbaImage,
  mask: Plane,
): Promise<Plane> {
  const square: Size = { width: imageSize, height: imageSize };
  const pixels = toPlanes(await resample(image, whole(image), square), mean, std);
  const outputs = await model.run({ graph: "depth" }, { pixel_values: floats(pixels, [1, 3, imageSize, imageSize]) });
  const { data } = floatOutput(outputs, "depth", [1, imageSize, imageSize]);

  const disparity = resizePlane({ ...square, data }, image);
  const masked = mapPlane(disparity, (value, i) => Math.max(value, 0) * (mask.data[i] ?? 0));
  if (scale === "unit") return mapPlane(masked, (value) => Math.min(value, 1));
  const nearest = masked.data.reduce((max, value) => Math.max(max, value), 0);
  return nearest === 0 ? masked : mapPlane(masked, (value) => value / nearest);
}
