import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Captioner, openCaptioner } from "../../server/assist/describe.ts";
import { expected, formulaPicture, tinyHelper } from "./helpers.ts";

// The same tiny captioner through transformers.js on ONNX Runtime and through transformers on torch: equal words, as both take
// the most likely one each time.

const expectedSchema = z.object({
  side: z.int(),
  cases: z.array(z.object({ shade: z.int(), ids: z.array(z.int()), text: z.string() })),
});

let captioner: Captioner;
let wanted: z.output<typeof expectedSchema>;
beforeAll(async () => {
  captioner = await openCaptioner(tinyHelper("captioner", "describe"));
  wanted = expectedSchema.parse(await expected("captioner"));
});
afterAll(() => captioner.dispose());

function picture(shade: number) {
  const image = formulaPicture(wanted.side, wanted.side);
  return { ...image, data: image.data.map((value, i) => (i % 4 === 3 ? value : Math.floor(value / shade))) };
}

test("sentences are those of transformers, word for word", async () => {
  expect(wanted.cases.length).toBe(2);
  for (const { shade, text } of wanted.cases) {
    expect(text.split(" ").length).toBeGreaterThan(10);
    expect(await captioner.describe(picture(shade), new AbortController().signal)).toBe(text);
  }
  expect(wanted.cases[0]?.text).not.toBe(wanted.cases[1]?.text);
});

test("a withdrawn question stops", async () => {
  const early = AbortSignal.abort(new Error("withdrawn"));
  await expect(captioner.describe(picture(1), early)).rejects.toThrow("withdrawn");
  const controller = new AbortController();
  const asked = captioner.describe(picture(1), controller.signal);
  controller.abort(new Error("withdrawn late"));
  await expect(asked).rejects.toThrow("withdrawn late");
});
