"""Registry: every scene family with its palettes, its lights and the kind of surround it has.

FAMILIES[name] = (builder, {palette: colour or tuple of colours}, [lights], surround).
A light listed twice is drawn twice as often.
"""
import indoor
import indoor_more as more
import outdoor
import outdoor_more

FAMILIES = {
    "wooden table": (indoor.wood_table, {
        "oak": "#b98a56", "walnut": "#6b4427", "pine": "#d9b27c", "dark wood": "#3a2418", "reclaimed": "#8a7259",
        "cherry": "#8d4a2c", "whitewashed": "#cdbfa9"},
        ["warm", "warm", "warm", "daylight", "morning", "lamplight", "moody"], "indoor"),
    "marble table": (indoor.marble_table, {
        "white marble": ("#f1efec", "#8b8d92"), "black marble": ("#17181b", "#c9c2b4"), "green marble": ("#1f4a3c", "#b9cbb8"),
        "pink marble": ("#e6bfb6", "#a0675f"), "grey marble": ("#8f9296", "#e8e8e8"), "beige marble": ("#dcc7a8", "#8c6d48")},
        ["daylight", "softbox", "morning", "warm", "moody", "hardsun"], "indoor"),
    "concrete": (indoor.concrete, {
        "light grey": "#b9b8b4", "mid grey": "#8c8c8a", "dark grey": "#55565a", "warm grey": "#b0a596", "sand": "#cbb595"},
        ["daylight", "hardsun", "softbox", "overcast", "warm", "moody"], "indoor"),
    "studio": (indoor.studio, {
        "pink": "#f2a9bd", "sage green": "#a3b899", "sky blue": "#8fc3e8", "beige": "#e3cdb0", "coral": "#f0806a",
        "lavender": "#bfaee3", "mustard": "#dca934", "teal": "#2b8a8c", "white": "#efefed", "charcoal": "#3b3d42",
        "mint": "#a9dcc3", "burgundy": "#6e2336", "orange": "#ee8b35", "navy": "#22335c"},
        ["softbox", "softbox", "daylight", "hardsun", "warm", "moody"], "studio"),
    "podium": (more.podium, {
        "pink and cream": ("#f3b6c3", "#f7e7d8", "#e58a9f"), "sage and cream": ("#b2c4a8", "#f0eadc", "#7f9a78"), "blue tones": ("#a9cdea", "#e4f0fa", "#5c98cf"),
        "terracotta": ("#d98a66", "#f0c9ae", "#b3573a"), "lavender": ("#cdbfee", "#eee8fb", "#9d85d6"), "beige": ("#e6d3ba", "#f6eee2", "#c2a27c"),
        "yellow": ("#f2c94c", "#fdf0c4", "#e89a2c"), "emerald and gold": ("#1f5c4c", "#2f7a66", "#d9b36a"), "peach": ("#f8c3a2", "#fde6d6", "#ef8f6d"), "black and gold": ("#1e1f24", "#2d2e35", "#c9a155")},
        ["softbox", "softbox", "daylight", "hardsun", "warm"], "studio"),
    "brick wall": (more.brick, {
        "red brick": ("#9a4a35", "#b9aca0"), "white brick": ("#dedad2", "#c4beb4"), "brown brick": ("#6f4a36", "#8c8178"), "grey brick": ("#7c7b7a", "#a9a6a0")},
        ["daylight", "warm", "moody", "morning", "hardsun", "lamplight"], "indoor"),
    "plaster wall": (more.plaster, {
        "white": "#eeeae3", "beige": "#e0cbb0", "terracotta": "#cf8463", "blush pink": "#eec4ba", "sage green": "#b3c1a5", "pale blue": "#b9d0df", "yellow": "#edca7a", "grey": "#b5b3af"},
        ["hardsun", "hardsun", "warm", "morning", "daylight"], "studio"),
    "fabric": (more.silk, {
        "champagne": "#e6d0ae", "blush pink": "#efb9b9", "emerald green": "#1e6a50", "royal blue": "#2b4fa3", "ivory": "#f1eadc", "burgundy": "#7a1f35", "lilac": "#c3aee0", "black": "#222226", "gold": "#cf9f45"},
        ["softbox", "daylight", "warm", "moody", "morning"], "studio"),
    "kitchen": (more.kitchen, {
        "white tiles": ("#f0eeea", "wood"), "green tiles": ("#5f8f78", "wood"), "blue tiles": ("#3f6c93", "marble"), "terracotta tiles": ("#c2714d", "wood"),
        "white tiles and marble": ("#efefef", "marble"), "grey tiles": ("#9a9c9c", "stone"), "pink tiles": ("#e3b2ab", "marble")},
        ["daylight", "morning", "warm", "softbox", "lamplight"], "indoor"),
    "night lights": (more.bokeh, {
        "city": ("#ffb45a", "#ff6a3a", "#ffe2a8", "#6fb4ff"), "neon": ("#ff2fa0", "#20a8ff", "#9a3cff", "#22e0c8"), "golden": ("#ffc46a", "#ffd79a", "#ff9a3c"),
        "blue": ("#4a8cff", "#8cc8ff", "#b0a0ff"), "festive": ("#ff3a3a", "#3adf6a", "#ffd24a", "#4a9cff")},
        ["neon", "neon", "lamplight"], "indoor"),
    "beach": (outdoor.beach, {
        "golden sand": "#dcb582", "white sand": "#eee0c8", "wet sand": "#a8865e", "pink sand": "#e3b8a2"},
        ["daylight", "hardsun", "warm", "morning", "overcast", "bluehour"], "outdoor"),
    "meadow": (outdoor.meadow, {
        "fresh green": "#5f9a35", "deep green": "#3b6f2e", "dry golden": "#e2c268", "spring green": "#84b240"},
        ["daylight", "hardsun", "warm", "morning", "overcast"], "outdoor"),
    "snow": (outdoor.snow, {"white": "#eef3f8", "blue-white": "#dfeaf6"},
        ["morning", "daylight", "warm", "overcast", "bluehour", "hardsun"], "outdoor"),
    "water": (outdoor.lake, {
        "deep blue": "#0f3a5a", "turquoise": "#1d7f86", "dark": "#10202a", "green": "#1f4f40"},
        ["daylight", "warm", "morning", "bluehour", "overcast"], "outdoor"),
    "autumn leaves": (outdoor.autumn, {
        "orange": ("#d9651f", "#e8912d", "#b3431b", "#f0b43c"), "red": ("#a8241c", "#c9402a", "#7a1f1a", "#e07a2f"), "yellow": ("#e9b92f", "#f2d25a", "#c98f22", "#a9761f"), "brown": ("#7a4a26", "#94602f", "#5d371d", "#b07a3c")},
        ["daylight", "warm", "warm", "morning", "overcast"], "outdoor"),
    "clouds": (outdoor_more.clouds, {"white": "#f6f7fa", "pink": "#f8ccd6", "lilac": "#dccff2", "peach": "#fbd9bf", "pale blue": "#d3e6f7"},
        ["daylight", "warm", "morning", "bluehour", "hardsun"], "outdoor"),
    "moss forest": (outdoor_more.moss, {"bright moss": "#6f9a2e", "dark moss": "#3f6426", "olive moss": "#7a7a32"},
        ["daylight", "morning", "warm", "overcast"], "outdoor"),
    "desert": (outdoor_more.desert, {"orange dunes": "#cf8248", "pale dunes": "#e2c394", "red dunes": "#b5532f"},
        ["hardsun", "warm", "daylight", "bluehour", "morning"], "outdoor"),
}
