import { addPngText } from "./pngChunks.ts";
import type { GreyImage, RgbaImage } from "./rgba.ts";
import { sharp } from "./sharp.ts";

/** The keyword of the PNG text chunk that carries a picture's recipe. */
const recipeKeyword = "backdrop";

/** An opaque 8-bit RGB PNG; alpha is dropped. */
export async function encodePng(image: RgbaImage): Promise<Uint8Array> {
  return await input(image).removeAlpha().png({ compressionLevel: 6 }).toBuffer();
}

/** An 8-bit grey PNG. */
export async function encodeMask({ width, height, data }: GreyImage): Promise<Uint8Array> {
  const raw = { width, height, channels: 1 } as const;
  return await sharp(data, { raw, limitInputPixels: false })
    .toColourspace("b-w")
    .png({ compressionLevel: 6 })
    .toBuffer();
}

/** An encoded PNG with its recipe in the text chunk, as JSON. */
export function withRecipe(png: Uint8Array, recipe: object): Uint8Array {
  return addPngText(png, recipeKeyword, JSON.stringify(recipe));
}

/** An opaque JPEG for previews: small and quick, never a result. */
export async function encodePreview(image: RgbaImage): Promise<Uint8Array> {
  return await input(image).removeAlpha().jpeg({ quality: 82 }).toBuffer();
}

function input({ width, height, data }: RgbaImage) {
  return sharp(data, { raw: { width, height, channels: 4 }, limitInputPixels: false });
}
