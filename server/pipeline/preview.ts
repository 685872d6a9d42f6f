import type { Size } from "../../shared/geometry.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { encodePreview } from "../image/encode.ts";
import { fromPlanes } from "../image/floats.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { pasteProduct } from "./compose.ts";
import { latentDims } from "./latents.ts";
import { resizePlane } from "./plane.ts";
import { cropToFrame, type Scene } from "./scene.ts";

/** A JPEG of the predicted x₀: latents to RGB by the package's linear map, enlarged, the product on top. */
export async function renderPreview(
  scene: Scene,
  predictedClean: Float32Array,
  model: ModelPackage,
): Promise<Uint8Array> {
  const [, , height, width] = latentDims(scene.work);
  const colours = latentsToRgb(predictedClean, height * width, model.latentRgb);
  const painted = enlarge(colours, { width, height }, scene.work);
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

/** [3, h, w] in [−1, 1] to a picture, bilinear: at this size that takes less time than handing it to a picture library. */
function enlarge(planes: Float32Array, from: Size, to: Size): RgbaImage {
  const [area, wanted] = [from.width * from.height, to.width * to.height];
  const enlarged = new Float32Array(3 * wanted);
  for (const c of [0, 1, 2]) {
    const data = planes.subarray(c * area, (c + 1) * area);
    enlarged.set(resizePlane({ ...from, data }, to).data, c * wanted);
  }
  return fromPlanes(enlarged, to.width, to.height);
}
