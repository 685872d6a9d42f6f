import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { encodePreview } from "../image/encode.ts";
import { fromPlanes } from "../image/floats.ts";
import { resample, whole } from "../image/resize.ts";
import { pasteProduct } from "./compose.ts";
import { latentDims } from "./latents.ts";
import { cropToFrame, type Scene } from "./scene.ts";

/** A JPEG of the predicted x₀: latents to RGB by the package's linear map, enlarged, the product on top. */
export async function renderPreview(
  scene: Scene,
  predictedClean: Float32Array,
  model: ModelPackage,
): Promise<Uint8Array> {
  const [, , height, width] = latentDims(scene.work);
  const colours = fromPlanes(latentsToRgb(predictedClean, height * width, model.latentRgb), width, height);
  const painted = await resample(colours, whole(colours), scene.work);
  return await encodePreview(cropToFrame(scene, pasteProduct(painted, scene.workProduct)));
}

/** [4, area] to [3, area] in [−1, 1] */
function latentsToRgb(latents: Float32Array, area: number, map: ModelPackage["latentRgb"]): Float32Array {
  const rgb = new Float32Array(3 * area);
  map.bias.forEach((bias, colour) => {
    for (let i = 0; i < area; i++) {
      let value = bias;
      map.factors.forEach((row, channel) => {
        value += (latents[channel * area + i] ?? 0) * (row[colour] ?? 0);
      });
      rgb[colour * area + i] = value;
    }
  });
  return rgb;
}
