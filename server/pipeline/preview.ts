import type { Size } from "../../shared/geometry.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { encodePreview } from "../image/encode.ts";
import { fromPlanes } from "../image/floats.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { floats } from "../runtime/tensor.ts";
import { pasteProduct } from "./compose.ts";
import { withShadow } from "./contactShadow.ts";
import { latentDims } from "./latents.ts";
import { floatOutput, type Model } from "./model.ts";
import { resizePlane } from "./plane.ts";
import { cropToFrame, type Scene } from "./scene.ts";

type LatentRgb = ModelPackage["latentRgb"];

/** A JPEG of the predicted x₀, by the package's decoder for previews or else by its linear map, the product on top. */
export async function renderPreview(
  model: Model,
  scene: Scene,
  predictedClean: Float32Array,
  hasDecoder = false,
): Promise<Uint8Array> {
  const painted = hasDecoder
    ? await decodePreview(model, predictedClean, scene.work)
    : mapPreview(predictedClean, scene.work, model.package.latentRgb);
  return await encodePreview(cropToFrame(scene, pasteProduct(withShadow(painted, scene.shadow), scene.workProduct)));
}

async function decodePreview(model: Model, latents: Float32Array, size: Size): Promise<RgbaImage> {
  const outputs = await model.run(
    { graph: "preview_decoder", ...size },
    { latents: floats(latents, latentDims(size)) },
  );
  const { data } = floatOutput(outputs, "image", [1, 3, size.height, size.width]);
  return fromPlanes(data, size.width, size.height);
}

/** Latents to RGB by a linear map, enlarged. */
function mapPreview(latents: Float32Array, size: Size, map: LatentRgb): RgbaImage {
  const [, , height, width] = latentDims(size);
  return enlarge(latentsToRgb(latents, height * width, map), { width, height }, size);
}

/** [4, area] to [3, area] in [−1, 1] */
function latentsToRgb(latents: Float32Array, area: number, map: LatentRgb): Float32Array {
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
