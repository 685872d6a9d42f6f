import { BackdropError } from "../../../shared/errors.ts";
import { type Size, sameAspect } from "../../../shared/geometry.ts";
import { centredSquare } from "../patches/geometry.ts";
import type { PaintedMask } from "../state/pictures.ts";
import { decode, drawPart, drawWhole, encode, greyCanvas, readPixels } from "./canvas.ts";
import { fitWithin } from "./fitWithin.ts";
import { alphaOf, dropPatches, droppedPartsOf, keepsAnything, luminanceOf, multiplied } from "./masks.ts";
import { decodeOrRefuse, openPicture } from "./openFile.ts";
import type { Pixels } from "./pixels.ts";

/** px of a patch in which its dropped part is measured; that of the usual vision encoders. */
const patchPx = 14;

/** The panel's pixels in a browser. */
export const browserPixels: Pixels = {
  async show(bytes) {
    const sizePx = await withBitmap(decodeOrRefuse(bytes, "the picture"), sizeOf);
    return { url: URL.createObjectURL(new Blob([bytes.slice()])), sizePx };
  },
  openReference: openPicture,
  productMask: (mask, sizePx) => encode(drawWhole(greyCanvas(mask.data, mask.sizePx), sizePx), "image/png"),
  leavesProduct: (product, mask) =>
    withBitmap(decodeOrRefuse(product, "the product"), (bitmap) =>
      keepsAnything(multiplied(alphaOf(readPixels(drawWhole(bitmap, mask.sizePx))), mask.data)),
    ),
  readMask: (png, sizePx) => withBitmap(decodeOrRefuse(png, "the mask"), (bitmap) => maskOf(bitmap, sizePx)),
  openMask: (png, maxSidePx) =>
    withBitmap(decodeOrRefuse(png, "the mask"), (bitmap) => maskOf(bitmap, fitWithin(sizeOf(bitmap), maxSidePx))),
  async referenceMask({ sizePx, grid, hidden, maskLayer }) {
    const keep =
      maskLayer === null
        ? new Uint8Array(sizePx.width * sizePx.height).fill(255)
        : await withMaskLayer(maskLayer, sizePx, (bitmap) => luminanceOf(readPixels(drawWhole(bitmap, sizePx))));
    return await encode(greyCanvas(dropPatches(keep, { sizePx, grid }, hidden), sizePx), "image/png");
  },
  droppedParts: (reference, maskLayer, grid) =>
    withBitmap(decodeOrRefuse(reference, "the reference"), async (picture) => {
      const side = { width: grid * patchPx, height: grid * patchPx };
      const squareOf = (bitmap: ImageBitmap) => readPixels(drawPart(bitmap, centredSquare(sizeOf(bitmap)), side));
      const opaque = alphaOf(squareOf(picture));
      if (maskLayer === null) return droppedPartsOf(opaque, grid, patchPx);
      const kept = await withMaskLayer(maskLayer, sizeOf(picture), (mask) => luminanceOf(squareOf(mask)));
      return droppedPartsOf(multiplied(opaque, kept), grid, patchPx);
    }),
  shrinkJpeg: (jpeg, maxSidePx) =>
    withBitmap(decode(jpeg), async (bitmap) => {
      const sizePx = fitWithin(sizeOf(bitmap), maxSidePx);
      return sizePx.width === bitmap.width ? jpeg : await encode(drawWhole(bitmap, sizePx), "image/jpeg");
    }),
};

function maskOf(bitmap: ImageBitmap, sizePx: Size): PaintedMask {
  return { sizePx, data: luminanceOf(readPixels(drawWhole(bitmap, sizePx))) };
}

/** Bitmaps hold memory that no garbage collector hurries to free. */
async function withBitmap<T>(opening: Promise<ImageBitmap>, use: (bitmap: ImageBitmap) => T | Promise<T>): Promise<T> {
  const bitmap = await opening;
  try {
    return await use(bitmap);
  } finally {
    bitmap.close();
  }
}

/** Refuses a mask layer of another shape than the reference, as the server would: stretched, it would drop the wrong parts. */
async function withMaskLayer<T>(png: Uint8Array, reference: Size, use: (bitmap: ImageBitmap) => T): Promise<T> {
  return await withBitmap(decodeOrRefuse(png, "the mask layer"), (bitmap) => {
    if (!sameAspect(bitmap, reference)) {
      throw new BackdropError(
        "mask_mismatch",
        `The mask layer’s sides are ${proportions(bitmap)}, the reference’s ${proportions(reference)}: ` +
          "resize the mask layer to the reference’s proportions, or choose another",
      );
    }
    return use(bitmap);
  });
}

/** Pictures are exported at sizes that the designer does not know. */
function proportions({ width, height }: Size): string {
  return `${(width / height).toFixed(2)} : 1`;
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}
