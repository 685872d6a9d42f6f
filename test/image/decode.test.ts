import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { decodeImage } from "../../server/image/decode.ts";
import type { RgbaImage } from "../../server/image/rgba.ts";
import { disc, encoder, gradient, headerOnlyPng, paint, png } from "./makePictures.ts";

const picture = gradient(48, 32);

test("a PNG and a lossless WebP come back byte for byte, with alpha", async () => {
  const product = disc(48, 32);
  expect(await decodeImage(await png(product), "p")).toEqual(product);
  const webp = await decodeImage(await encoder(product).webp({ lossless: true, exact: true }).toBuffer(), "p");
  expect(webp).toEqual(product);
});

test("an embedded sRGB profile moves no byte", async () => {
  const bytes = await encoder(picture).withIccProfile("srgb").png().toBuffer();
  expect((await sharp(bytes).metadata()).icc).toBeDefined();
  expect(await decodeImage(bytes, "p")).toEqual(picture);
});

test("a wide-gamut picture becomes sRGB", async () => {
  const green = paint(4, 4, () => [0, 200, 0, 255]);
  const decoded = await decodeImage(await encoder(green).withIccProfile("p3").png().toBuffer(), "p");
  // the same colour, written as Display P3 and read back; taken as sRGB unconverted it would be paler (red 70 or so)
  expect(pixel(decoded, 0, 0)).toEqual([expect.closeTo(0, -1), expect.closeTo(200, -1), expect.closeTo(0, -1), 255]);
});

test("16-bit, grey and palette PNGs become 8-bit RGBA", async () => {
  const wide = await sharp(picture.data, { raw: { width: 48, height: 32, channels: 4 } })
    .toColourspace("rgb16")
    .png()
    .toBuffer();
  expect(await sharp(wide).metadata()).toMatchObject({ depth: "ushort" });
  expect(worst(await decodeImage(wide, "p"), picture)).toBeLessThanOrEqual(1);

  const flat = paint(8, 8, (x) => [x * 30, x * 30, x * 30, 255]);
  const grey = await encoder(flat).removeAlpha().toColourspace("b-w").png().toBuffer();
  expect(await sharp(grey).metadata()).toMatchObject({ channels: 1 });
  expect(worst(await decodeImage(grey, "p"), flat)).toBeLessThanOrEqual(1);

  const palette = await encoder(flat).png({ palette: true }).toBuffer();
  expect(worst(await decodeImage(palette, "p"), flat)).toBeLessThanOrEqual(1);
});

test("a CMYK JPEG becomes sRGB", async () => {
  const red = paint(16, 16, () => [200, 40, 40, 255]);
  const cmyk = await encoder(red).removeAlpha().toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
  expect(await sharp(cmyk).metadata()).toMatchObject({ space: "cmyk" });
  const decoded = await decodeImage(cmyk, "p");
  expect(decoded).toMatchObject({ width: 16, height: 16 });
  const [r = 0, g = 0, b = 0, a] = pixel(decoded, 8, 8);
  expect(Math.abs(r - 200) + Math.abs(g - 40) + Math.abs(b - 40)).toBeLessThan(60);
  expect(a).toBe(255);
});

test("EXIF orientations come out upright", async () => {
  const upright = paint(24, 16, (x, y) => (x < 12 ? (y < 8 ? red : green) : y < 8 ? blue : white));
  // what a camera stores so that, turned as its tag says, the picture is upright
  const stored: Readonly<Record<number, (s: Sharp) => Sharp>> = {
    1: (s) => s,
    2: (s) => s.flop(),
    3: (s) => s.rotate(180),
    4: (s) => s.flip(),
    6: (s) => s.rotate(270),
    8: (s) => s.rotate(90),
  };
  for (const [orientation, turn] of Object.entries(stored)) {
    const bytes = await turn(encoder(upright))
      .withMetadata({ orientation: Number(orientation) })
      .png()
      .toBuffer();
    expect(await decodeImage(bytes, "p"), `orientation ${orientation}`).toEqual(upright);
  }
});

test("extreme shapes are fine", async () => {
  for (const [width, height] of [
    [1, 4096],
    [4096, 1],
    [1, 1],
  ] as const) {
    const thin = gradient(width, height);
    expect(await decodeImage(await png(thin), "p")).toEqual(thin);
  }
});

test("a flipped bit anywhere in a PNG is noticed", async () => {
  const bytes = await png(gradient(6, 4));
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    await expect(decodeImage(damaged, "p"), `byte ${at}`).rejects.toMatchObject({ name: "BackdropError" });
  }
});

test("cut-off files are refused in every format", async () => {
  const files = [
    await png(picture),
    await encoder(picture).jpeg().toBuffer(),
    await encoder(picture).jpeg({ progressive: true }).toBuffer(),
    await encoder(picture).webp().toBuffer(),
  ];
  for (const bytes of files) {
    for (const part of [0.1, 0.5, 0.9]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * part));
      await expect(decodeImage(cut, "p")).rejects.toMatchObject({ code: "image_corrupt" });
    }
  }
});

test("what is no PNG, JPEG or WebP is refused by name", async () => {
  const unsupported = {
    "a GIF": Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64"),
    "an SVG": Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "a PDF": Buffer.from("%PDF-1.7\n"),
    "a BMP": Buffer.from("BM000000"),
  };
  for (const [looksLike, bytes] of Object.entries(unsupported)) {
    await expect(decodeImage(bytes, "p")).rejects.toMatchObject({
      code: "image_unsupported",
      message: expect.stringContaining(looksLike),
    });
  }
  const corrupt = { "a text file": Buffer.from("hello\n"), "an empty file": Buffer.alloc(0) };
  for (const [looksLike, bytes] of Object.entries(corrupt)) {
    await expect(decodeImage(bytes, "p")).rejects.toMatchObject({
      code: "image_corrupt",
      message: expect.stringContaining(looksLike),
    });
  }
});

test("an enormous picture is refused by its header, before anything is allocated", async () => {
  for (const [width, height] of [
    [40_000, 40_000],
    [10_000, 10],
  ] as const) {
    await expect(decodeImage(headerOnlyPng(width, height), "p")).rejects.toMatchObject({ code: "image_too_large" });
  }
});

const red = [255, 0, 0, 255] as const;
const green = [0, 255, 0, 255] as const;
const blue = [0, 0, 255, 255] as const;
const white = [255, 255, 255, 255] as const;

function pixel(image: RgbaImage, x: number, y: number): readonly number[] {
  return Array.from(image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 4));
}

function worst(a: RgbaImage, b: RgbaImage): number {
  expect(a.data.length).toBe(b.data.length);
  return a.data.reduce((max, value, i) => Math.max(max, Math.abs(value - (b.data[i] ?? 0))), 0);
}
