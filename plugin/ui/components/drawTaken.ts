import type { PaintedMask } from "../state/state.ts";

/** What the mask takes from the product, in Figma's red, little-endian ABGR without alpha. */
const red = 0x2248f2;
const opacity = 0.72;

/** Draws over the product what its mask takes away, where there is product to take. */
export function drawTaken(canvas: HTMLCanvasElement | null, picture: HTMLImageElement | null, mask: PaintedMask): void {
  const context = canvas?.getContext("2d") ?? null;
  if (context === null || picture === null || !picture.complete || picture.naturalWidth === 0) return;
  const { width, height } = mask.sizePx;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) {
    const alpha = Math.round((255 - (mask.data[i] ?? 255)) * opacity);
    pixels[i] = (alpha << 24) | red;
  }
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = "destination-in";
  context.drawImage(picture, 0, 0, width, height);
  context.globalCompositeOperation = "source-over";
}
