import { BackdropError } from "../../shared/errors.ts";
import { maxUploadBytes } from "../../shared/protocol/limits.ts";
import { sniffFormat } from "./formats.ts";
import { findPngDamage } from "./pngChunks.ts";
import type { RgbaImage } from "./rgba.ts";
import { sharp } from "./sharp.ts";

/** 4096 × 4096: 64 MiB as RGBA. */
const maxImagePixels = 4096 ** 2;
const maxImageSidePx = 8192;

/**
 * Decodes a PNG, JPEG or WebP to upright 8-bit sRGB with alpha, whatever it was (EXIF rotation, CMYK, 16 bits, grey,
 * palette, another colour profile). Damaged files are refused rather than decoded as far as they go.
 * @param name how messages call the picture, e.g. `product photo.png`
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<RgbaImage> {
  requireFileSize(bytes.length, name);
  const sniffed = sniffFormat(bytes);
  if (sniffed.type !== "accepted") {
    const code = sniffed.type === "unsupported" ? "image_unsupported" : "image_corrupt";
    const advice = "export it as PNG, JPEG or WebP";
    throw new BackdropError(code, `${name}: expected a PNG, JPEG or WebP, got ${sniffed.looksLike}; ${advice}`);
  }
  const corrupt = (what: string, cause?: unknown) =>
    new BackdropError(
      "image_corrupt",
      `${name}: this ${sniffed.format.toUpperCase()} is damaged: ${what}; export it again`,
      {
        cause,
      },
    );

  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw corrupt(reason(cause), cause);
    });
  if (Math.max(header.width, header.height) > maxImageSidePx || header.width * header.height > maxImagePixels) {
    throw new BackdropError(
      "image_too_large",
      `${name}: expected up to ${maxImagePixels} pixels and ${maxImageSidePx} px a side, got ${header.width}×${header.height}; scale it down`,
    );
  }
  if (sniffed.format === "png") {
    const damage = findPngDamage(bytes);
    if (damage !== undefined) throw corrupt(damage);
  }
  // An sRGB profile is the identity by definition; running it through the colour engine could move bytes by one.
  const ignoreIcc = header.icc !== undefined && namesSrgb(header.icc);
  const { data, info } = await sharp(bytes, { failOn: "warning", limitInputPixels: maxImagePixels, ignoreIcc })
    .autoOrient()
    .toColourspace("srgb")
    .ensureAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw corrupt(reason(cause), cause);
    });
  if (info.channels !== 4) throw corrupt(`expected 4 channels, got ${info.channels}`);
  return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Refuses a picture by the size of its file, which is known before the file is read. */
export function requireFileSize(sizeBytes: number, name: string): void {
  if (sizeBytes <= maxUploadBytes) return;
  throw new BackdropError(
    "image_too_large",
    `${name}: expected a file of up to ${maxUploadBytes} bytes, got ${sizeBytes}; export it smaller`,
  );
}

/** An ICC profile's description is ASCII (v2) or UTF-16BE (v4). */
function namesSrgb(profile: Buffer): boolean {
  return profile.includes("sRGB") || profile.includes(Buffer.from("sRGB", "utf16le").swap16());
}

function reason(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
}
