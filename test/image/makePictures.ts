import { deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { crc32 } from "../../server/image/pngChunks.ts";
import type { RgbaImage } from "../../server/image/rgba.ts";

/** A picture from a function of its pixels. */
export function paint(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number, number],
): RgbaImage {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 4);
  }
  return { width, height, data };
}

/** Smooth colours that differ everywhere, opaque. */
export function gradient(width: number, height: number): RgbaImage {
  return paint(width, height, (x, y) => [(x * 255) / width, (y * 255) / height, (x * 7 + y * 3) % 256, 255]);
}

/** A round product on a transparent canvas, its edge antialiased. */
export function disc(width: number, height: number, radius = Math.min(width, height) / 3): RgbaImage {
  return paint(width, height, (x, y) => {
    const distance = Math.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2);
    const alpha = Math.min(Math.max(radius - distance + 0.5, 0), 1);
    return [200, (x * 13) % 256, (y * 17) % 256, Math.round(alpha * 255)];
  });
}

export function encoder({ width, height, data }: RgbaImage): Sharp {
  return sharp(data, { raw: { width, height, channels: 4 } });
}

export async function png(image: RgbaImage): Promise<Buffer> {
  return await encoder(image).png().toBuffer();
}

/** A PNG that claims a size and holds next to nothing. */
export function headerOnlyPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, checksum]);
  };
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const pixels = chunk("IDAT", deflateSync(Buffer.alloc(16)));
  return Buffer.concat([signature, chunk("IHDR", header), pixels, chunk("IEND", Buffer.alloc(0))]);
}
