"""Train the CLIP-style byte-level BPE tokenizer on the captions and a list of words people may ask for."""
import json
from collections import Counter

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from config import CONFIG, RENDERS, RUNS, start
from data import complete_records

OUT = RUNS / "tokenizer"
START, END = "<|startoftext|>", "<|endoftext|>"
# CLIP's word pattern.
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
# Words of product photography that captions may lack; they get few tokens, not meaning.
COMMON = """a an the of on in at with and or by near under over behind beside between front back from to for into through
is are was no not without very more less this that some many few one two three four five six seven eight nine ten
product products bottle jar can box tube cup mug glass bag pouch perfume lotion cream soap shampoo drink juice coffee tea
wine beer water milk honey jam snack chocolate candle lamp watch shoe sneaker phone headphones camera book toy vase bowl
plate spoon knife spray pump cap lid label packaging cosmetics skincare makeup lipstick serum
photo photograph photography picture image render rendering studio commercial advertising advertisement professional
close up macro wide view scene background backdrop foreground setting composition display shot style modern minimal minimalist
luxury elegant rustic vintage cozy fresh clean natural organic simple bold dramatic soft hard warm cool cold bright dark dim
light lights lighting lit shadow shadows sun sunny sunlight sunset sunrise morning evening night noon day dusk dawn golden hour
window blinds spotlight neon candlelight moonlight backlight rim reflection reflections glow haze fog mist smoke
wood wooden oak walnut pine bamboo marble stone rock rocks concrete brick tile tiles ceramic clay plaster metal steel copper
brass gold silver chrome plastic glass crystal fabric linen silk velvet satin cotton wool leather paper cardboard foil
table desk shelf counter bench podium pedestal platform stage stand step steps stairs arch arches wall floor ground corner
kitchen bathroom bedroom living room cafe bar shop office library garden park forest beach desert mountain mountains lake
river sea ocean sky cloud clouds snow ice rain storm waterfall waves wave sand dune dunes grass field meadow moss leaf leaves
flower flowers petal petals rose roses tulip daisy lavender palm tree trees branch branches plant plants cactus fern fruit
lemon lemons orange oranges lime apple apples pear peach berry berries strawberry cherry grape grapes mint basil herb herbs
red orange yellow green blue purple violet pink magenta brown beige cream ivory white black grey gray teal turquoise cyan
navy coral salmon peach mint olive amber terracotta pastel colour color colours colorful vivid muted gradient pattern
round square cube cubes sphere spheres ball balls cylinder cylinders cone ring rings disc disk block blocks geometric abstract
bubble bubbles drop drops splash ribbon balloon balloons confetti star stars heart moon planet space city street bridge
summer winter spring autumn fall christmas easter halloween holiday festive party tropical nordic japanese""".split()


def main():
    start()
    tokenizer = train(captions())
    save(tokenizer)
    print(f"tokenizer: {tokenizer.get_vocab_size()} tokens")


def captions():
    return [c for r in complete_records(RENDERS) if r["split"] == "train" for c in r["captions"]]


def train(texts):
    """Merges from word counts; vocabulary in CLIP's order: bytes, bytes</w>, merges, the two special tokens.

    Rebuilding it this way keeps every byte spellable, also those that no caption has."""
    counts = Counter(w for text in texts for w in text.lower().split())
    lines = [" ".join([w] * min(n, 200)) for w, n in counts.items()] + [" ".join([w] * 3) for w in COMMON]
    alphabet = bytes_to_unicode()
    trainer = trainers.BpeTrainer(vocab_size=CONFIG["vocabulary"] - 256, initial_alphabet=alphabet, end_of_word_suffix="</w>",
                                  show_progress=False, min_frequency=2)
    draft = skeleton(Tokenizer(models.BPE(end_of_word_suffix="</w>")))
    draft.train_from_iterator(lines, trainer)
    merges = [tuple(m) for m in json.loads(draft.to_str())["model"]["merges"]]
    tokens = alphabet + [a + "</w>" for a in alphabet]
    tokens += [t for t in dict.fromkeys(a + b for a, b in merges) if t not in set(tokens)]
    vocabulary = {t: i for i, t in enumerate([*tokens, START, END])}
    tokenizer = skeleton(Tokenizer(models.BPE(vocabulary, merges, unk_token=END, end_of_word_suffix="</w>",
                                              continuing_subword_prefix="", fuse_unk=False)))
    tokenizer.add_special_tokens([START, END])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, vocabulary[START]), (END, vocabulary[END])])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("</w>", " "), decoders.ByteLevel()])
    return tokenizer


def skeleton(tokenizer):
    """CLIP's normaliser and pre-tokeniser."""
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def bytes_to_unicode():
    """GPT-2's printable stand-ins for the 256 bytes, in its order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(rest))]


def save(tokenizer, out=OUT):
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "CLIPTokenizer", "bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END,
        "do_lower_case": True, "add_prefix_space": False, "model_max_length": CONFIG["maxTokens"]}, indent=2) + "\n")


def encode(tokenizer, texts):
    """Texts -> ids [n, maxTokens]: cut, closed by the end token, padded with it."""
    length, end = CONFIG["maxTokens"], tokenizer.token_to_id(END)
    rows = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        rows.append((ids[:length - 1] + [end] * length)[:length])
    return rows


def load():
    return Tokenizer.from_file(str(OUT / "tokenizer.json"))


if __name__ == "__main__":
    main()
