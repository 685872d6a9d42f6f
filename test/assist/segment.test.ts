import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openSegmenter, type Segmenter } from "../../server/assist/segment.ts";
import { pointSchema } from "../../shared/protocol/helpers.ts";
import { expected, formulaPicture, tinyHelper } from "./helpers.ts";

// The same tiny Segment Anything through transformers.js on ONNX Runtime and through transformers on torch.

const expectedSchema = z.object({
  width: z.int(),
  height: z.int(),
  cases: z.array(z.object({ points: z.array(pointSchema), logits: z.array(z.number()) })),
});
/** Logits in float32 by two libraries; where one is nearer to 0, its pixel may go either way. */
const tolerance = 1e-3;

let segmenter: Segmenter;
let wanted: z.output<typeof expectedSchema>;
beforeAll(async () => {
  segmenter = await openSegmenter(tinyHelper("segmenter", "segment"));
  wanted = expectedSchema.parse(await expected("segmenter"));
});
afterAll(() => segmenter.dispose());

test("masks are those of transformers, for one click and for several", async () => {
  const image = formulaPicture(wanted.width, wanted.height);
  for (const { points, logits } of wanted.cases) {
    const mask = await segmenter.segment(image, "picture", points);
    expect([mask.width, mask.height]).toEqual([wanted.width, wanted.height]);
    const wrong = logits.flatMap((logit, i) =>
      Math.abs(logit) > tolerance && mask.data[i] !== (logit > 0 ? 255 : 0) ? [{ i, logit }] : [],
    );
    expect(wrong).toEqual([]);
    expect(logits.filter((logit) => Math.abs(logit) <= tolerance).length).toBeLessThan(10);
  }
});

test("clicks and the picture matter, and the picture is the one that the key names", async () => {
  const image = formulaPicture(wanted.width, wanted.height);
  const [first, second] = wanted.cases;
  if (!first || !second) throw new Error("two cases are expected");
  const one = await segmenter.segment(image, "picture", first.points);
  expect(await segmenter.segment(image, "picture", second.points)).not.toEqual(one);
  const dark = { ...image, data: image.data.map((value, i) => (i % 4 === 3 ? value : value >> 3)) };
  expect(await segmenter.segment(dark, "another picture", first.points)).not.toEqual(one);
});
