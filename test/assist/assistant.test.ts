import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Assistant, createAssistant, type PictureFile } from "../../server/assist/assistant.ts";
import { segmentByColour } from "../../server/assist/segmentByColour.ts";
import { decodeImage } from "../../server/image/decode.ts";
import { gradient, headerOnlyPng, png } from "../image/makePictures.ts";
import { formulaPicture, tinyHelpersDir } from "./helpers.ts";

// Which helper answers, from packages on disk as they are installed.

let dir: string;
let picture: PictureFile;
let withHelpers: Assistant;
let without: Assistant;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-assist-"));
  await mkdir(join(dir, "none"));
  picture = await save(await png(formulaPicture(64, 48)));
  withHelpers = createAssistant([tinyHelpersDir]);
  without = createAssistant([join(dir, "none")]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function save(bytes: Uint8Array): Promise<PictureFile> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(dir, sha256), bytes);
  return { path: join(dir, sha256), sha256 };
}

const points = [{ x: 0.25, y: 0.5, keep: true }];

test("an installed segmenter is asked, and without one the picture's colours", async () => {
  const [neural, byColour] = [await withHelpers.segment(picture, points), await without.segment(picture, points)];
  expect(Buffer.from(neural)).not.toEqual(Buffer.from(byColour));
  const mask = await decodeImage(byColour, "mask");
  const wanted = await segmentByColour(formulaPicture(64, 48), points);
  expect(mask.data.filter((_, i) => i % 4 === 0)).toEqual(wanted.data);
});

test("large pictures are answered at the size of a mask", async () => {
  const large = await save(await png(gradient(1500, 750)));
  const mask = await decodeImage(await withHelpers.segment(large, points), "mask");
  expect([mask.width, mask.height]).toEqual([1024, 512]);
});

test("pictures that cannot be read are refused as a job's are", async () => {
  const text = await save(Buffer.from("text"));
  await expect(without.segment(text, points)).rejects.toMatchObject({ code: "image_corrupt" });
  const huge = await save(headerOnlyPng(40_000, 40_000));
  await expect(without.segment(huge, points)).rejects.toMatchObject({ code: "image_too_large" });
});

test("a damaged helper is told as one, without a path", async () => {
  const damaged = join(dir, "damaged");
  await cp(join(tinyHelpersDir, "segmenter"), join(damaged, "segmenter"), { recursive: true });
  const file = join(damaged, "segmenter", "onnx", "vision_encoder.onnx");
  const assistant = createAssistant([damaged]);
  await writeFile(file, Buffer.alloc(10));
  await expect(assistant.segment(picture, points)).rejects.toMatchObject({ code: "model_corrupt" });
  // Of the right size, and still no graph.
  await cp(join(tinyHelpersDir, "segmenter", "onnx", "vision_encoder.onnx"), file);
  const { size } = await stat(file);
  await writeFile(file, Buffer.alloc(size));
  const refused = assistant.segment(picture, points);
  await expect(refused).rejects.toMatchObject({ code: "model_corrupt" });
  await expect(refused).rejects.not.toThrow(dir);
  await writeFile(join(damaged, "segmenter", "helper.json"), "{");
  await expect(assistant.segment(picture, points)).rejects.toMatchObject({ code: "model_corrupt" });
});

test("describing needs a helper, and the message says which", async () => {
  await expect(without.describe(picture, new AbortController().signal)).rejects.toMatchObject({
    code: "helper_missing",
    message: expect.stringContaining("backdrop models install captioner"),
  });
});

test("an installed captioner is asked", async () => {
  expect(await withHelpers.describe(picture, new AbortController().signal)).toMatch(/^[a-z]+( [a-z]+)+$/);
});

test("an idle helper is released and opened again when it is asked", async () => {
  const assistant = createAssistant([tinyHelpersDir], 1);
  const first = await assistant.segment(picture, points);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(await assistant.segment(picture, points)).toEqual(first);
});
