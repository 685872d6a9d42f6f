import { BackdropError } from "../../shared/errors.ts";

const begin = "<|startoftext|>";
const end = "<|endoftext|>";

/**
 * A `tokenizer.json` for the older form that CLIP checkpoints have: `vocab.json` (token → id) and `merges.txt` (a line of
 * version, then a pair of tokens a line). The rules are those of transformers' CLIPTokenizer.
 */
export function tokenizerOf(vocabulary: Readonly<Record<string, number>>, mergesText: string): Record<string, unknown> {
  const special = (content: string) => {
    const id = vocabulary[content];
    if (id === undefined)
      throw new BackdropError("model_corrupt", `vocab.json: lacks ${content}; install the model again`);
    return specialToken(id, content);
  };
  const merges = mergesText
    .split(/\r?\n/)
    .filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [special(begin), special(end)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: "Removed",
          invert: true,
        },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: end,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary,
      merges: merges.map((line) => line.split(" ")),
    },
  };
}

/** A token that is taken out of a text as it stands, before words are split. */
export function specialToken(id: number, content: string) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}
