import sharp from "sharp";
import { expect, it } from "vitest";
import { decodeImage } from "../../server/image/decode.ts";
import { encodePng } from "../../server/image/encode.ts";
import { makeThumbnail } from "../../server/image/thumbnail.ts";
import { paint } from "./makePictures.ts";

// Protects what the history is chosen by: small files of the right shape that look like their results.

const halves = (width: number, height: number) =>
  paint(width, height, (x) => (x < width / 2 ? [200, 40, 40, 255] : [40, 40, 200, 255]));

it("is a JPEG of at most 256 px a side, in the shape and the colours of its picture", async () => {
  const jpeg = await makeThumbnail(await encodePng(halves(1080, 540)));
  expect((await sharp(jpeg).metadata()).format).toBe("jpeg");
  const { width, height, data } = await decodeImage(jpeg, "thumbnail");
  expect([width, height]).toEqual([256, 128]);
  const at = (x: number, y: number) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
  const off = (got: readonly number[], wanted: readonly number[]) =>
    Math.max(...got.map((value, i) => Math.abs(value - (wanted[i] ?? 0))));
  expect(off(at(40, 64), [200, 40, 40])).toBeLessThan(4);
  expect(off(at(215, 64), [40, 40, 200])).toBeLessThan(4);
});

it("of a small picture is as small", async () => {
  const jpeg = await makeThumbnail(await encodePng(halves(64, 100)));
  expect(await sharp(jpeg).metadata()).toMatchObject({ width: 64, height: 100 });
});
