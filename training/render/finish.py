"""Colours, finishes and label artwork shared by all product shapes."""
import labels
from shade import bsdf, material, mix, node, plain, rgb, surface

BODY = ["#f3efe6", "#ffffff", "#1f2226", "#e8b7b0", "#9fb8a0", "#2f5d50", "#d9694a", "#f0c24b", "#3c5a99", "#87b5d9", "#7d5ba6",
        "#c9a27a", "#b33a3a", "#f4d9c6", "#5d7f3f", "#e58fb0", "#2a9d8f", "#203a5c", "#ef8a3c", "#d8d3c8"]
METAL = ["#e9c77b", "#d9dbde", "#e0a48a", "#9aa0a6", "#2b2b2e"]


def pick(rng, options):
    return options[rng.integers(len(options))]


def paintwork(rng, code=None, glass=0.3):
    """Random body finish: matte, glossy, ceramic or tinted-glass look (no transmission: too slow)."""
    color = rgb(code or pick(rng, BODY))
    if rng.random() < glass:
        m = material(True)
        rim = node(m, "LayerWeight", Blend=0.35).outputs["Facing"]
        tint = mix(m, rim, tuple(min(1, c * 0.8 + 0.12) for c in color), tuple(c * 0.35 for c in color))
        return surface(m, bsdf(m, tint, 0.06, coat=1.0, specular=0.7))
    rough, coat = pick(rng, [(0.55, 0.0), (0.3, 0.4), (0.4, 1.0), (0.25, 0.2)])
    return plain(color, rough, 0, coat, product=True)


def metalwork(rng):
    return plain(rgb(pick(rng, METAL)), rng.uniform(0.12, 0.35), 1.0, product=True)


def trim(rng):
    """Cap or lid: metal, plastic or wood-coloured."""
    if rng.random() < 0.5:
        return metalwork(rng)
    return plain(rgb(pick(rng, BODY + ["#1a1a1c", "#a9794b"])), 0.35, 0, 0.3, product=True)


def art(rng, width, height, back=None, front=1.0):
    """Label material of width x height dm."""
    back = back or pick(rng, BODY)
    lum = sum(int(back[i:i + 2], 16) for i in (1, 3, 5))
    ink = pick(rng, ["#1d2430", "#7a2d2d", "#224b3c", "#27408b"]) if lum > 380 else "#fafaf5"
    res = QUALITY["label"]
    w = int(res * (width / height) ** 0.5)
    return labels.label_material(labels.paint(rng, back, ink, pick(rng, BODY), max(48, w), max(40, int(w * height / width)), front))


QUALITY = {"label": 160}  # pixels; samples.py raises it
