import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import type { Tokens } from "../pipeline/model.ts";
import { specialToken, tokenizerOf } from "./clipVocabulary.ts";

const special = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const configSchema = z.looseObject({ bos_token: special, eos_token: special, pad_token: special.nullish() });
const rulesSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ content: z.string() })).default([]),
  model: z.looseObject({ vocab: z.record(z.string(), z.int().nonnegative()) }),
});

/** The package's tokenizers, one for each text encoder: begin, words, end, then padding to `maxTokens`. */
export async function openTokenizer(model: ModelPackage): Promise<(text: string) => Tokens> {
  const folders = model.architecture === "sdxl" ? ["tokenizer", "tokenizer_2"] : ["tokenizer"];
  const encoders = await Promise.all(folders.map((folder) => openEncoder(model, folder)));
  return (text) => {
    const encoded = encoders.map((encode) => encode(text));
    return { ids: encoded.map(({ ids }) => ids), truncated: encoded.some(({ truncated }) => truncated) };
  };
}

async function openEncoder(model: ModelPackage, folder: string) {
  const { maxTokens } = model.text;
  try {
    const config = configSchema.parse(await readJson(model.dir, `${folder}/tokenizer_config.json`));
    const tokenizer = new Tokenizer(withSpecial(await readRules(model, folder), config.pad_token), config);
    const idOf = (token: string) => {
      const id = tokenizer.token_to_id(token);
      if (id === undefined) throw new Error(`its vocabulary lacks ${token}`);
      return BigInt(id);
    };
    const [begin, end] = [idOf(config.bos_token), idOf(config.eos_token)];
    // CLIP-L pads with its end token, SDXL's second tokenizer with "!" (id 0): the config says which
    const padding = config.pad_token ? idOf(config.pad_token) : end;

    return (text: string) => {
      const words = tokenizer.encode(text, { add_special_tokens: false }).ids;
      const ids = new BigInt64Array(maxTokens).fill(padding);
      ids.set([begin, ...words.slice(0, maxTokens - 2).map(BigInt), end]);
      return { ids, truncated: words.length > maxTokens - 2 };
    };
  } catch (cause) {
    if (cause instanceof BackdropError) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BackdropError("model_corrupt", `${folder}: cannot be used (${detail}); install the model again`, {
      cause,
    });
  }
}

/** `tokenizer.json`, or the vocabulary and merges that older checkpoints have instead. */
async function readRules({ dir, files }: ModelPackage, folder: string): Promise<Record<string, unknown>> {
  if (!files.some(({ path }) => path === `${folder}/vocab.json`)) {
    return z.looseObject({}).parse(await readJson(dir, `${folder}/tokenizer.json`));
  }
  const vocabulary = z.record(z.string(), z.int().nonnegative()).parse(await readJson(dir, `${folder}/vocab.json`));
  return tokenizerOf(vocabulary, await readFile(join(dir, folder, "merges.txt"), "utf8"));
}

/** transformers takes the padding token out of a text before words are split: SDXL's second tokenizer reads every "!" as id 0. */
function withSpecial(rules: Record<string, unknown>, content: string | null | undefined): Record<string, unknown> {
  const { added_tokens: known, model } = rulesSchema.parse(rules);
  if (!content || known.some((token) => token.content === content)) return rules;
  const id = model.vocab[content];
  // One that the vocabulary lacks is refused where its id is wanted.
  if (id === undefined) return rules;
  return { ...rules, added_tokens: [...known, specialToken(id, content)] };
}

async function readJson(dir: string, path: string): Promise<unknown> {
  return JSON.parse(await readFile(join(dir, path), "utf8"));
}
