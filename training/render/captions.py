"""Captions: short lower-case phrases about surface, light and surroundings, in many wordings."""
import re

LIGHT = {
    "daylight": ["in soft daylight", "in natural daylight", "in gentle natural light", "on a bright day", "lit by soft window light", "in airy daytime light",
                 "with soft natural shadows", "in clean daylight", "at midday", "in fresh diffuse light", "daytime"],
    "warm": ["in warm evening light", "at golden hour", "in golden hour light", "in the glow of a low sun", "at sunset", "in warm sunlight", "in late afternoon sun",
             "bathed in golden light", "with long warm shadows", "in amber evening sun", "warm light", "in the evening", "in cozy warm light", "during a golden sunset"],
    "morning": ["in cool morning light", "in the early morning", "at dawn", "in pale morning sun", "in crisp morning light", "in fresh cool light",
                "with a cold blue tint", "in soft blue morning light", "at sunrise", "on a cold morning"],
    "softbox": ["in studio light", "with soft studio lighting", "under a softbox", "lit by large softboxes", "with even studio lighting", "in clean commercial light",
                "with soft diffused shadows", "professional studio lighting", "with a smooth gradient of light", "softly lit"],
    "hardsun": ["in hard sunlight", "in bright direct sun", "with crisp hard shadows", "under strong sunlight", "in harsh summer sun", "with sharp shadows",
                "in high contrast sunlight", "under a blazing sun", "on a sunny day", "sunlit, hard shadows"],
    "overcast": ["under an overcast sky", "on a cloudy day", "in flat grey light", "in soft overcast light", "on a grey day", "in muted diffuse light", "under pale clouds"],
    "moody": ["in moody light", "in low key light", "with dramatic lighting", "in dim light", "with deep shadows", "in dark atmospheric light", "dramatic and moody",
              "in a dark luxurious mood", "with chiaroscuro lighting"],
    "bluehour": ["at dusk", "at blue hour", "in twilight", "after sunset", "in the blue evening", "under a purple dusk sky", "in cool twilight", "at nightfall"],
    "neon": ["in neon light", "lit by colorful neon", "at night", "with neon glow", "in pink and blue light", "in vivid night lighting", "cyberpunk night light", "with colorful rim light"],
    "lamplight": ["by lamplight", "in cozy lamp light", "in warm indoor light", "on a cozy night", "lit by a warm lamp", "in the evening by a lamp", "in candle-like glow", "with soft warm lamps"],
}
SURFACE = {
    "wooden table": ["wooden table", "wood table", "wooden tabletop", "timber table", "wood surface", "wooden desk", "plank table", "table made of wood", "wooden board", "dining table of wood"],
    "marble table": ["marble table", "marble surface", "marble slab", "marble tabletop", "marble counter", "polished marble", "veined marble table", "marble countertop"],
    "concrete": ["concrete surface", "concrete floor and wall", "concrete backdrop", "cement surface", "raw concrete", "concrete ledge", "industrial concrete setting", "brutalist concrete room"],
    "studio": ["studio backdrop", "seamless background", "plain background", "studio background", "paper backdrop", "solid color background", "seamless paper backdrop", "minimal backdrop", "studio sweep"],
    "podium": ["podium", "pedestal", "display stand", "round podium", "geometric podium scene", "plinth", "platform with arch", "product stage", "podium with geometric shapes", "showcase stand"],
    "brick wall": ["brick wall", "wall of bricks", "exposed brick wall", "old brick wall", "loft brick wall", "brick background", "rough brickwork"],
    "plaster wall": ["plaster wall", "wall with shadows", "stucco wall", "textured wall", "painted wall", "wall with sunlight patterns", "rendered wall"],
    "fabric": ["fabric", "draped fabric", "cloth", "textile", "folded fabric"],
    "kitchen": ["kitchen counter", "kitchen worktop", "kitchen countertop", "tiled kitchen", "kitchen bench", "counter in a kitchen", "home kitchen"],
    "night lights": ["dark glossy table", "black reflective surface", "dark table", "bar counter at night", "glossy black table", "dark mirror surface"],
    "beach": ["sandy beach", "beach sand", "sand by the sea", "seashore", "tropical beach", "beach", "sand at the ocean", "coastal sand", "shore"],
    "meadow": ["grass meadow", "green meadow", "grassy field", "lawn", "field of grass", "pasture", "countryside meadow", "summer meadow"],
    "snow": ["snow", "fresh snow", "snowy ground", "snowy landscape", "powder snow", "deep snow", "winter snow", "snowfield"],
    "water": ["water surface", "calm water", "lake", "rippling water", "still water", "sea surface", "reflective water", "stone in the water", "pond"],
    "autumn leaves": ["autumn leaves", "fallen leaves", "fall foliage", "leaf-covered ground", "forest floor in autumn", "dry leaves", "carpet of leaves", "autumn forest floor"],
    "clouds": ["clouds", "fluffy clouds", "bed of clouds", "dreamy clouds", "sky full of clouds", "soft cloudscape", "cotton clouds"],
    "moss forest": ["mossy forest floor", "moss", "mossy ground", "green forest moss", "woodland moss", "mossy woodland", "forest clearing with moss"],
    "desert": ["desert sand", "desert dunes", "sand dunes", "desert", "dry desert landscape", "rocky desert", "dune landscape"],
}
PALETTE = {
    "oak": ["oak", "light oak", "honey oak"], "walnut": ["walnut", "rich walnut", "dark brown walnut"], "pine": ["pine", "light pine", "pale wooden"], "dark wood": ["dark wooden", "dark stained", "ebony"],
    "reclaimed": ["rustic", "reclaimed", "weathered", "old"], "cherry": ["cherry", "reddish brown", "mahogany"], "whitewashed": ["whitewashed", "white wooden", "bleached"],
    "white marble": ["white", "carrara", "bright white"], "black marble": ["black", "dark", "noir"], "green marble": ["green", "dark green", "emerald"], "pink marble": ["pink", "rose", "blush"],
    "grey marble": ["grey", "gray", "silver grey"], "beige marble": ["beige", "cream", "sandy"], "light grey": ["light grey", "light gray", "pale grey"], "mid grey": ["grey", "gray", "neutral grey"],
    "dark grey": ["dark grey", "charcoal", "dark gray"], "warm grey": ["warm grey", "taupe", "greige"], "sand": ["sand colored", "beige", "tan"],
    "sage green": ["sage green", "muted green", "sage"], "sky blue": ["sky blue", "light blue", "baby blue"], "coral": ["coral", "salmon", "coral pink"], "lavender": ["lavender", "light purple", "soft violet"],
    "mustard": ["mustard", "mustard yellow", "ochre"], "teal": ["teal", "petrol", "deep turquoise"], "charcoal": ["charcoal", "dark grey", "anthracite"], "mint": ["mint", "mint green", "pastel green"],
    "burgundy": ["burgundy", "wine red", "maroon", "dark red"], "navy": ["navy", "navy blue", "dark blue"], "pink": ["pink", "pastel pink", "rose pink"], "white": ["white", "pure white", "clean white"],
    "beige": ["beige", "cream", "neutral beige", "nude"], "orange": ["orange", "bright orange", "vivid orange"], "terracotta": ["terracotta", "clay", "burnt orange"],
    "blush pink": ["blush pink", "blush", "powder pink"], "pale blue": ["pale blue", "icy blue", "powder blue"], "yellow": ["yellow", "sunny yellow", "golden yellow"], "grey": ["grey", "gray", "stone grey"],
    "pink and cream": ["pink", "pink and cream", "pastel pink"], "sage and cream": ["sage green", "sage and cream", "green and cream"], "blue tones": ["blue", "light blue", "pastel blue"],
    "emerald and gold": ["emerald", "emerald and gold", "dark green and gold"], "peach": ["peach", "peach colored", "apricot"], "black and gold": ["black", "black and gold", "luxury black and gold"],
    "red brick": ["red", "rust red", "classic red"], "white brick": ["white", "whitewashed", "painted white"], "brown brick": ["brown", "dark brown", "rustic brown"], "grey brick": ["grey", "gray", "urban grey"],
    "champagne": ["champagne", "beige", "creamy"], "emerald green": ["emerald green", "deep green", "emerald"], "royal blue": ["royal blue", "blue", "cobalt"], "ivory": ["ivory", "off-white", "cream white"],
    "lilac": ["lilac", "pale purple", "mauve"], "black": ["black", "jet black"], "gold": ["gold", "golden", "ochre gold"],
    "white tiles": ["white tiled", "bright white"], "green tiles": ["green tiled", "sage tiled"], "blue tiles": ["blue tiled", "navy tiled"], "terracotta tiles": ["terracotta tiled", "orange tiled"],
    "white tiles and marble": ["white tiled", "marble"], "grey tiles": ["grey tiled", "modern grey"], "pink tiles": ["pink tiled", "retro pink"],
    "city": ["city"], "neon": ["neon"], "golden": ["golden"], "blue": ["blue"], "festive": ["festive"],
    "golden sand": ["golden", "warm"], "white sand": ["white", "pale"], "wet sand": ["wet", "brown"], "pink sand": ["pinkish", "rosy"],
    "fresh green": ["fresh green", "green", "lush"], "deep green": ["deep green", "lush green", "dense"], "dry golden": ["dry golden", "golden", "late summer"], "spring green": ["spring", "bright green", "vivid green"],
    "blue-white": ["icy", "cold", "frosty"], "deep blue": ["deep blue", "blue"], "turquoise": ["turquoise", "aqua", "clear turquoise"], "dark": ["dark", "black"], "green": ["green", "dark green"],
    "red": ["red", "crimson"], "brown": ["brown", "dry brown"], "bright moss": ["bright green", "vivid"], "dark moss": ["dark green", "deep green"], "olive moss": ["olive green", "olive"],
    "orange dunes": ["orange", "golden orange"], "pale dunes": ["pale", "beige"], "red dunes": ["red", "rust colored"],
}
BEHIND = {
    "wooden table": ["blurred cozy room", "blurred interior", "soft bokeh background", "out of focus living room", "blurry wall behind", "home interior", "shallow depth of field"],
    "marble table": ["blurred interior", "elegant room behind", "soft background", "luxurious look", "bright bathroom mood", "out of focus room"],
    "concrete": ["minimal industrial look", "urban minimalism", "modern loft", "rough texture", "bare wall"],
    "studio": ["minimal advertising photo", "soft gradient", "lots of empty space", "clean and simple", "monochrome set", "pastel minimalism", "catalogue shot"],
    "podium": ["abstract geometric shapes", "arch in the background", "cosmetic display", "pastel set design", "minimal 3d stage", "circles and cylinders"],
    "brick wall": ["loft atmosphere", "urban style", "wooden ledge", "industrial look", "blurred bricks"],
    "plaster wall": ["window shadow on the wall", "palm leaf shadows", "stripes of light", "mediterranean mood", "sun patterns", "shadow play"],
    "fabric": ["flowing folds", "elegant drapery", "soft waves", "luxurious beauty shot", "gentle creases"],
    "kitchen": ["tiles in the background", "cooking scene", "blurred utensils", "homely kitchen", "bright tiles behind"],
    "night lights": ["bokeh lights", "out of focus city lights", "blurred colorful lights", "sparkling bokeh background", "glowing light dots", "nightlife mood", "reflections of lights"],
    "beach": ["sea and sky behind", "ocean horizon", "blue ocean in the background", "summer vacation mood", "waves in the distance", "holiday feeling"],
    "meadow": ["blue sky and trees", "blurred hills", "open sky", "countryside view", "spring feeling", "picnic mood", "nature background"],
    "snow": ["winter landscape", "fir trees behind", "frosty air", "cold blue sky", "icy mood", "christmas season"],
    "water": ["reflections in the water", "sky reflected", "calm horizon", "mountains far away", "gentle ripples", "serene lake view"],
    "autumn leaves": ["forest in the background", "fall colors", "october mood", "blurred tree trunks", "autumn park"],
    "clouds": ["dreamy sky", "floating in heaven", "pastel sky", "surreal and light", "airy atmosphere"],
    "moss forest": ["blurred green forest", "deep woods", "ferns and stones", "natural freshness", "woodland bokeh"],
    "desert": ["wide empty sky", "dunes in the distance", "arid landscape", "warm earth tones", "wild west mood"],
}
WHO = ["product", "a product", "the product", "{p}", "a {p}", "item", "bottle or jar"]
LOOK = ["product photo", "advertising photo", "commercial photography", "product shot", "ad background", "packshot", "lifestyle photo", "hero shot", "still life", "marketing image"]
IN_FAMILIES = {"snow", "clouds", "meadow", "desert"}      # "standing in ..."
OUTDOOR = {"beach", "meadow", "snow", "water", "autumn leaves", "clouds", "moss forest", "desert"}
MASS = {"snow", "fabric", "autumn leaves", "clouds", "water", "moss forest", "desert", "beach", "concrete", "kitchen", "meadow"}
ADJECTIVES = ["beautiful", "elegant", "minimal", "simple", "modern", "cozy", "fresh", "premium", "natural", "stylish", "calm", "inviting"]
SELF_NAMED = re.compile(r"wood|plank|timber|ebony|mahogany")


def pick(rng, items):
    return items[int(rng.integers(len(items)))]


def article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def place(rng, info):
    """Coloured name of the surface, e.g. 'walnut table', 'pink studio backdrop'."""
    fam = info["family"]
    if fam == "night lights":
        return pick(rng, SURFACE[fam])
    noun = pick(rng, info.get("surface") or SURFACE[fam])
    if rng.random() < 0.22:
        return noun
    tint = pick(rng, PALETTE[info["palette"]])
    if fam == "wooden table":
        if SELF_NAMED.search(tint) or rng.random() < 0.6:
            noun = pick(rng, ["table", "tabletop", "table top", "desk", "table"])
        elif tint in ("rustic", "reclaimed", "weathered", "old", "bleached"):
            noun = pick(rng, ["wooden table", "wooden tabletop", "plank table"])
    words = tint.split()
    if noun.split()[0] in words:  # avoid "marble marble counter"
        return tint + " " + " ".join(noun.split()[1:]) if len(noun.split()) > 1 else tint
    return f"{tint} {noun}"


def one(rng, info, product):
    """One caption."""
    fam = info["family"]
    spot, light, behind = place(rng, info), pick(rng, LIGHT[info["light"]]), pick(rng, BEHIND[fam])
    if fam in OUTDOOR:  # no windows in a desert
        light = pick(rng, [w for w in LIGHT[info["light"]] if "window" not in w])
    if fam == "night lights" and rng.random() < .7:
        behind = pick(rng, [f"{info['palette']} bokeh lights", f"blurred {info['palette']} lights", f"{info['palette']} lights out of focus", behind])
    if fam == "plaster wall" and info["gobo"]:
        behind = pick(rng, {"palm": ["palm leaf shadows", "leaf shadows on the wall", "tropical plant shadows"], "window": ["window shadow on the wall", "shadow of a window", "window light"],
                            "blinds": ["stripes of light from blinds", "shadow stripes", "venetian blind shadows"]}[info["gobo"]])
    elif info["gobo"] and rng.random() < .5:
        behind = {"palm": "palm leaf shadows", "window": "window light pattern", "blinds": "shadow stripes"}[info["gobo"]]
    elif fam == "wooden table" and info["light"] in ("warm", "lamplight", "moody") and rng.random() < .3:
        behind = pick(rng, ["warm blurred room", "cozy home in the background", "hygge atmosphere"])
    if info["extra"] and rng.random() < .45:
        behind = pick(rng, info["extra"])
    who = pick(rng, WHO).format(p=product)
    mass = fam in MASS and spot.split()[-1] not in ("table", "counter", "beach", "lake", "pond", "lawn", "desert", "meadow", "field", "pasture", "surface", "floor", "wall", "backdrop", "ledge", "slab",
                                                    "worktop", "countertop", "bench", "shore", "seashore", "landscape", "snowfield", "room", "setting", "cloudscape", "woodland", "kitchen")
    the = spot if mass else article(spot)
    prep = "in" if fam in IN_FAMILIES and rng.random() < .5 else pick(rng, ["on", "on", "on", "in front of" if fam in ("studio", "brick wall", "plaster wall") else "on top of"])
    if fam in ("studio", "brick wall", "plaster wall") and prep in ("on", "on top of"):
        prep = pick(rng, ["against", "in front of", "with", "before"])
    forms = [
        f"{the} {light}", f"{the} {light}", f"{the} {light}, {behind}", f"{the}, {behind}", f"{who} {prep} {the} {light}", f"{who} {prep} {the}, {light}, {behind}",
        f"{prep} {the} {light}", f"{prep} {the}, {behind}", f"{spot}, {light}, {behind}", f"{pick(rng, LOOK)} {prep} {the} {light}", f"{pick(rng, LOOK)}, {spot}, {light}",
        f"{pick(rng, ADJECTIVES)} {pick(rng, LOOK)} {prep} {the}, {light}", f"standing {prep} {the} {light}", f"{who} placed {prep} {the}, {behind}", f"{light}, {spot}, {behind}",
        f"{pick(rng, ADJECTIVES)} scene with {the} {light}", f"{spot} {light}", f"{behind}, {spot}, {light}", f"{who} {prep} {the} {light} {'and' if ' ' in behind else 'with'} {behind}",
    ]
    text = pick(rng, forms)
    text = re.sub(r"\b(and|,) (with|by|in front|beside|under|near|before|on|below|among|during)\b", r"\2" if " and with" in text else r"\1 \2", text)
    return re.sub(r"\s+", " ", text).replace(" ,", ",").strip()


def write(rng, info, product, count=4):
    """`count` different captions."""
    out = []
    while len(out) < count:
        text = one(rng, info, product)
        if text not in out and 2 < len(text.split()) <= 20:
            out.append(text)
    return out
