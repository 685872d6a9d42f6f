import type { PaintedMask } from "../state/pictures.ts";

/** Hatched, so that it is told from a product of any colour. Little-endian BGR, alpha comes on top. */
const red = 0x2248f2;
const white = 0xffffff;
const opacity = 0.8;
const stripesAcross = 72;

/** Draws over the product what its mask takes away, where there is product to take. */
export function drawTaken(canvas: HTMLCanvasElement | null, picture: HTMLImageElement | null, mask: PaintedMask): void {
  const context = canvas?.getContext("2d") ?? null;
  if (context === null || picture === null || !picture.complete || picture.naturalWidth === 0) return;
  const { width, height } = mask.sizePx;
  const stripePx = Math.max(width, height) / stripesAcross;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const taken = 255 - (mask.data[i] ?? 255);
      if (taken === 0) continue;
      const colour = Math.floor((x + y) / stripePx) % 3 === 0 ? white : red;
      pixels[i] = (Math.round(taken * opacity) << 24) | colour;
    }
  }
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = "destination-in";
  context.drawImage(picture, 0, 0, width, height);
  context.globalCompositeOperation = "source-over";
}
