import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { expect, test } from "vitest";
import { readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { tokenizerOf } from "../../server/engine/clipVocabulary.ts";
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

test.each(fixture)("%j becomes the same ids from vocab.json and merges.txt", async (prompt, ids) => {
  const read = async (path: string) => JSON.parse(await readFile(join(modelsDir(), "mini/tokenizer", path), "utf8"));
  const { vocab, merges } = (await read("tokenizer.json")).model;
  const text = ["#version: 0.2", ...merges.map((pair: readonly string[]) => pair.join(" ")), ""].join("\r\n");
  const words = new Tokenizer(tokenizerOf(vocab, text), await read("tokenizer_config.json"));
  const found = words.encode(prompt, { add_special_tokens: false }).ids.slice(0, ids.length - 2);
  // This model pads with its end token.
  const end = words.token_to_id("<|endoftext|>");
  const padding = new Array(ids.length - 1 - found.length).fill(end);
  expect([words.token_to_id("<|startoftext|>"), ...found, ...padding]).toEqual(ids);
});

test("a text that does not fit is cut before its end token, and says so", () => {
  expect(tokenize("a ".repeat(38)).truncated).toBe(false);
  expect(tokenize("a ".repeat(39)).truncated).toBe(true);
});
