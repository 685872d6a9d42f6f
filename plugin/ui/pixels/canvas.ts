import type { Rect, Size } from "../../../shared/geometry.ts";

/** 8-bit RGBA, row by row, alpha not premultiplied. */
export interface Rgba extends Size {
  readonly data: Uint8ClampedArray;
}

/** A PNG, JPEG or WebP, turned upright. Throws where the browser cannot read it. */
export async function decode(bytes: Uint8Array): Promise<ImageBitmap> {
  return await createImageBitmap(new Blob([bytes.slice()]));
}

/** A transparent canvas with `part` of a picture stretched over all of it. */
export function drawPart(picture: CanvasImageSource, part: Rect, size: Size): OffscreenCanvas {
  const { canvas, context } = newCanvas(size);
  context.drawImage(picture, part.x, part.y, part.width, part.height, 0, 0, size.width, size.height);
  return canvas;
}

export function drawWhole(picture: ImageBitmap | OffscreenCanvas, size: Size): OffscreenCanvas {
  return drawPart(picture, { x: 0, y: 0, width: picture.width, height: picture.height }, size);
}

export function readPixels(canvas: OffscreenCanvas): Rgba {
  const { width, height } = canvas;
  return { width, height, data: contextOf(canvas).getImageData(0, 0, width, height).data };
}

/** A canvas of opaque greys, one byte a pixel. */
export function greyCanvas(grey: Uint8Array, size: Size): OffscreenCanvas {
  const { canvas, context } = newCanvas(size);
  const image = context.createImageData(size.width, size.height);
  const pixels = new Uint32Array(image.data.buffer);
  grey.forEach((value, i) => {
    pixels[i] = (255 << 24) | (value * 0x010101);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

export async function encode(canvas: OffscreenCanvas, type: "image/png" | "image/jpeg"): Promise<Uint8Array> {
  const blob = await canvas.convertToBlob({ type, quality: jpegQuality });
  return new Uint8Array(await blob.arrayBuffer());
}

const jpegQuality = 0.92;

function newCanvas({ width, height }: Size): {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
} {
  const canvas = new OffscreenCanvas(width, height);
  const context = contextOf(canvas);
  context.imageSmoothingQuality = "high";
  return { canvas, context };
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error(`canvas: no 2D context for ${canvas.width}×${canvas.height}`);
  return context;
}
