import { centred, type Rect, type Size } from "../../shared/geometry.ts";
import type { GreyImage, RgbaImage } from "./rgba.ts";
import { sharp } from "./sharp.ts";

/**
 * Resamples a part of a picture with Lanczos-3 (widened when shrinking, so it averages). Alpha is premultiplied while
 * resampling, so invisible colours never bleed. An unscaled part is copied byte for byte.
 */
export async function resample<Image extends RgbaImage | GreyImage>(
  image: Image,
  part: Rect,
  size: Size,
): Promise<Image>;
export async function resample(image: RgbaImage, part: Rect, size: Size): Promise<RgbaImage> {
  const channels = image.data.length / (image.width * image.height) === 4 ? 4 : 1;
  const raw = { width: image.width, height: image.height, channels } as const;
  const cropped = sharp(image.data, { raw, limitInputPixels: false }).extract({
    left: part.x,
    top: part.y,
    width: part.width,
    height: part.height,
  });
  const scaled =
    part.width === size.width && part.height === size.height
      ? cropped
      : cropped.resize(size.width, size.height, { fit: "fill", kernel: "lanczos3" });
  const data = await scaled
    .toColourspace(channels === 4 ? "srgb" : "b-w")
    .raw({ depth: "uchar" })
    .toBuffer();
  return { ...size, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

export function whole(image: Size): Rect {
  return { x: 0, y: 0, width: image.width, height: image.height };
}

/** A transparent canvas with `image` drawn unscaled at (x, y); whatever sticks out is cut off. */
export function drawOnCanvas(
  image: RgbaImage,
  at: { readonly x: number; readonly y: number },
  canvas: Size,
): RgbaImage {
  const data = new Uint8Array(canvas.width * canvas.height * 4);
  const left = Math.max(at.x, 0);
  const right = Math.min(at.x + image.width, canvas.width);
  for (let y = Math.max(at.y, 0); y < Math.min(at.y + image.height, canvas.height) && left < right; y++) {
    const from = ((y - at.y) * image.width + left - at.x) * 4;
    data.set(image.data.subarray(from, from + (right - left) * 4), (y * canvas.width + left) * 4);
  }
  return { width: canvas.width, height: canvas.height, data };
}

/** The unscaled centre of a picture. */
export function cropCentre(image: RgbaImage, size: Size): RgbaImage {
  const { x, y } = centred(size, image);
  return drawOnCanvas(image, { x: -x, y: -y }, size);
}
