import type { Rgb, RgbaImage } from "./rgba.ts";

/**
 * Colours as planes of floats: [3, H, W] = (byte / 255 − mean) / std per channel; alpha is dropped.
 * mean = std = 0.5 gives the [−1, 1] that autoencoders take.
 */
export function toPlanes(image: RgbaImage, mean: Rgb = [0.5, 0.5, 0.5], std: Rgb = [0.5, 0.5, 0.5]): Float32Array {
  const area = image.width * image.height;
  const planes = new Float32Array(3 * area);
  for (const c of [0, 1, 2] as const) {
    for (let i = 0; i < area; i++) planes[c * area + i] = ((image.data[i * 4 + c] ?? 0) / 255 - mean[c]) / std[c];
  }
  return planes;
}

/** An opaque picture from planes [3, H, W] in [−1, 1]; values beyond are clipped, NaN becomes black. */
export function fromPlanes(planes: Float32Array, width: number, height: number): RgbaImage {
  const area = width * height;
  const data = new Uint8ClampedArray(area * 4);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < area; i++) data[i * 4 + c] = ((planes[c * area + i] ?? 0) + 1) * 127.5;
  }
  for (let i = 0; i < area; i++) data[i * 4 + 3] = 255;
  return { width, height, data: new Uint8Array(data.buffer) };
}
