import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { addPngText, crc32, findPngDamage, readPngText } from "../../server/image/pngChunks.ts";
import { disc, png } from "./makePictures.ts";

test("CRC-32 of the standard check string", () => {
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
});

test("any text comes back from the chunk, and the picture is as before", async () => {
  const image = disc(9, 7);
  const plain = await png(image);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 200 }), async (text) => {
      const json = JSON.stringify({ text });
      const tagged = addPngText(plain, "backdrop", json);
      expect(readPngText(tagged, "backdrop")).toBe(json);
      expect(readPngText(tagged, "other")).toBeUndefined();
      expect(findPngDamage(tagged)).toBeUndefined();
    }),
  );
  const tagged = addPngText(plain, "backdrop", '{"prompt":"Häuser 🏠"}');
  expect(new Uint8Array(await sharp(tagged).ensureAlpha().raw().toBuffer())).toEqual(image.data);
});

test("damage is named", async () => {
  const whole = await png(disc(9, 7));
  expect(findPngDamage(whole.subarray(0, whole.length - 12))).toBe("its end is missing");
  expect(findPngDamage(whole.subarray(0, whole.length - 20))).toMatch(/IDAT .* cut off/);
});
