import type { GreyImage } from "./rgba.ts";
import { sharp } from "./sharp.ts";

/** The largest value of the square of `radius` px around each pixel: bright parts grow. */
export async function dilate({ width, height, data }: GreyImage, radius: number): Promise<GreyImage> {
  const grown = await sharp(data, { raw: { width, height, channels: 1 } })
    // To this library the dark is the foreground: what it erodes is the dark.
    .erode(radius)
    .toColourspace("b-w")
    .raw({ depth: "uchar" })
    .toBuffer();
  return { width, height, data: new Uint8Array(grown.buffer, grown.byteOffset, grown.length) };
}
