import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { openTokenizer } from "../../server/engine/tokenizer.ts";

// Written by test/fixtures/tokenizer/make.py from transformers.
const fixture: readonly (readonly [prompt: string, ids: readonly number[]])[] = JSON.parse(
  readFileSync(new URL("../fixtures/tokenizer/tokens.json", import.meta.url), "utf8"),
);
const tokenize = await openTokenizer(await readModelPackage(join(modelsDir(), "mini")));

test.each(fixture)("%j becomes the ids of transformers' CLIPTokenizer", (prompt, ids) => {
  const tokens = tokenize(prompt);
  expect(tokens.ids.map((part) => Array.from(part, Number))).toEqual([ids]);
});

test("a text that does not fit is cut before its end token, and says so", () => {
  expect(tokenize("a ".repeat(38)).truncated).toBe(false);
  expect(tokenize("a ".repeat(39)).truncated).toBe(true);
});
