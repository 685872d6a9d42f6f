import type { Box } from "./matrix.ts";

export type PictureSize = Pick<Box, "width" | "height">;

/** Figma's limit, px a side. */
const maxSide = 4096;

/** Reads the size off the header of a PNG, JPEG or GIF; throws what Figma's createImage throws for anything else. */
export function measurePicture(bytes: Uint8Array): PictureSize {
  const size = measurePng(bytes) ?? measureGif(bytes) ?? measureJpeg(bytes);
  if (size === undefined || size.width === 0 || size.height === 0) throw new Error("Image type is unsupported");
  if (size.width > maxSide || size.height > maxSide) throw new Error("Image is too large");
  return size;
}

/** Of a picture that was measured. */
export function mimeTypeOf(bytes: Uint8Array): string {
  if (measurePng(bytes)) return "image/png";
  return measureGif(bytes) ? "image/gif" : "image/jpeg";
}

function measurePng(bytes: Uint8Array): PictureSize | undefined {
  if (!startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) || bytes.length < 24) return undefined;
  const view = viewOf(bytes);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function measureGif(bytes: Uint8Array): PictureSize | undefined {
  if (!startsWith(bytes, [0x47, 0x49, 0x46, 0x38]) || bytes.length < 10) return undefined;
  const view = viewOf(bytes);
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** Walks the segments to the frame header (SOF0 … SOF15 without DHT, JPG and DAC). */
function measureJpeg(bytes: Uint8Array): PictureSize | undefined {
  if (!startsWith(bytes, [0xff, 0xd8])) return undefined;
  const view = viewOf(bytes);
  let offset = 2;
  while (offset + 9 <= bytes.length && bytes[offset] === 0xff) {
    const marker = view.getUint8(offset + 1);
    const isFrameHeader = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrameHeader) return { width: view.getUint16(offset + 7), height: view.getUint16(offset + 5) };
    offset += marker === 0xff ? 1 : 2 + view.getUint16(offset + 2);
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
