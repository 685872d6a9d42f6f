import { BackdropError } from "../../../shared/errors.ts";
import { maxUploadBytes } from "../../../shared/protocol/limits.ts";
import type { ReferenceFile } from "../state/pictures.ts";
import { decode, drawWhole, encode } from "./canvas.ts";
import { fitWithin } from "./fitWithin.ts";

/** What the server reads. */
export type PictureFormat = "png" | "jpeg" | "webp";

/** A picture from disk as it is sent: the file itself where it is small enough, else a smaller copy. */
export async function openPicture(file: File, maxSidePx: number): Promise<ReferenceFile> {
  if (file.size > maxUploadBytes) {
    throw new BackdropError(
      "image_too_large",
      `${file.name}: expected a file of up to ${maxUploadBytes / 2 ** 20} MB, got ${Math.ceil(file.size / 2 ** 20)} MB; export it smaller`,
    );
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const format = pictureFormat(bytes);
  if (format === null) {
    throw new BackdropError(
      "image_unsupported",
      `${file.name}: expected a PNG, JPEG or WebP picture; export it as one of these`,
    );
  }
  const bitmap = await decodeOrRefuse(bytes, file.name);
  try {
    const ownSizePx = { width: bitmap.width, height: bitmap.height };
    const sizePx = fitWithin(ownSizePx, maxSidePx);
    if (sizePx.width === ownSizePx.width && sizePx.height === ownSizePx.height) {
      return { name: file.name, bytes, sizePx, downscaledFrom: null };
    }
    // Only a JPEG is certain to have no transparency to keep.
    const smaller = await encode(drawWhole(bitmap, sizePx), format === "jpeg" ? "image/jpeg" : "image/png");
    return { name: file.name, bytes: smaller, sizePx, downscaledFrom: ownSizePx };
  } finally {
    bitmap.close();
  }
}

/** Throws image_corrupt. */
export async function decodeOrRefuse(bytes: Uint8Array, name: string): Promise<ImageBitmap> {
  try {
    return await decode(bytes);
  } catch (cause) {
    throw new BackdropError(
      "image_corrupt",
      `${name}: this picture is damaged, or too large to open; export it again`,
      {
        cause,
      },
    );
  }
}

/** What a file is by its first bytes, whatever its name says; null: nothing that the server reads. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | null {
  const starts = (signature: readonly number[], at = 0) => signature.every((byte, i) => bytes[at + i] === byte);
  if (starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "png";
  if (starts([0xff, 0xd8, 0xff])) return "jpeg";
  if (starts(ascii("RIFF")) && starts(ascii("WEBP"), 8)) return "webp";
  return null;
}

function ascii(text: string): readonly number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
