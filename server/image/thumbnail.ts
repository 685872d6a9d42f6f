import { sharp } from "./sharp.ts";

/** Sharp in a grid of results on a dense screen, some 10 kB. */
const thumbnailSidePx = 256;

/** A small JPEG of one of our own opaque PNGs, to choose by. */
export async function makeThumbnail(png: Uint8Array): Promise<Uint8Array> {
  return await sharp(png, { limitInputPixels: false })
    .resize(thumbnailSidePx, thumbnailSidePx, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 82 })
    .toBuffer();
}
