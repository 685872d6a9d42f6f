import sharp from "sharp";
import { expect, test } from "vitest";
import { measurePicture, mimeTypeOf } from "../../../plugin/playground/document/picture.ts";

async function picture(format: "png" | "jpeg" | "gif" | "webp", width: number, height: number): Promise<Uint8Array> {
  const blank = sharp({ create: { width, height, channels: 3, background: "#446688" } });
  return new Uint8Array(await blank.toFormat(format).toBuffer());
}

test.each(["png", "jpeg", "gif"] as const)("the size of a %s is read off its header", async (format) => {
  const bytes = await picture(format, 321, 123);
  expect(measurePicture(bytes)).toEqual({ width: 321, height: 123 });
  expect(mimeTypeOf(bytes)).toBe(`image/${format}`);
});

test("other formats and damaged headers are refused as Figma refuses them", async () => {
  const png = await picture("png", 10, 10);
  for (const bytes of [await picture("webp", 10, 10), new Uint8Array(0), png.slice(0, 20), png.slice(1)]) {
    expect(() => measurePicture(bytes)).toThrow("Image type is unsupported");
  }
});

test("4096 px a side is the most", async () => {
  expect(measurePicture(await picture("png", 4096, 1))).toEqual({ width: 4096, height: 1 });
  const tooHigh = await picture("png", 1, 4097);
  expect(() => measurePicture(tooHigh)).toThrow("Image is too large");
});
