import type { Size } from "../../shared/geometry.ts";

/** Four bytes a pixel: sRGB red, green, blue and straight (not premultiplied) alpha; rows from the top. */
export interface RgbaImage extends Size {
  readonly data: Uint8Array;
}

/** One byte a pixel, 0 … 255; rows from the top. */
export interface GreyImage extends Size {
  readonly data: Uint8Array;
}

export type Rgb = readonly [number, number, number];

/** `image` over a flat colour; the result is opaque. */
export function flatten(image: RgbaImage, background: Rgb): RgbaImage {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = (image.data[i + 3] ?? 0) / 255;
    for (let c = 0; c < 3; c++) {
      data[i + c] = Math.round((image.data[i + c] ?? 0) * alpha + (background[c] ?? 0) * (1 - alpha));
    }
    data[i + 3] = 255;
  }
  return { width: image.width, height: image.height, data };
}

/** The alpha channel as a picture of its own. */
export function alphaOf(image: RgbaImage): GreyImage {
  const data = new Uint8Array(image.width * image.height);
  for (let i = 0; i < data.length; i++) data[i] = image.data[i * 4 + 3] ?? 0;
  return { width: image.width, height: image.height, data };
}

/** Rec. 709 luma of the colours times alpha: how a mask picture is read (white and opaque = 255). */
export function luminance(image: RgbaImage): GreyImage {
  const data = new Uint8Array(image.width * image.height);
  for (let i = 0; i < data.length; i++) {
    const at = (channel: number) => image.data[i * 4 + channel] ?? 0;
    data[i] = Math.round(((0.2126 * at(0) + 0.7152 * at(1) + 0.0722 * at(2)) * at(3)) / 255);
  }
  return { width: image.width, height: image.height, data };
}

/** The same colours with alpha × mask / 255. */
export function multiplyAlpha(image: RgbaImage, mask: GreyImage): RgbaImage {
  const data = image.data.slice();
  for (let i = 0; i < mask.data.length; i++) {
    data[i * 4 + 3] = Math.round(((image.data[i * 4 + 3] ?? 0) * (mask.data[i] ?? 0)) / 255);
  }
  return { width: image.width, height: image.height, data };
}
