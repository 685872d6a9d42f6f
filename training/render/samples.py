"""Render the demonstration files: cut-out products and style references, 768 x 768, into --out (samples/).

Products: bottle.png, jar.png, box.png, sneaker.png with transparent background.  References: reference.jpg, an empty scene, and
reference-*.jpg, each with a *.mask.png (white = keep, black = the product to hide).  Run: `python training/render/samples.py --out samples`.
"""
import argparse
import os
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from PIL import Image, ImageFilter

import camera
import compose
import finish
import lights
import passes
import products
from render import atomic

# name: (shape, seed, yaw in rad); seeds were picked by eye from `--sheet`
PRODUCTS = {"bottle": ("pump bottle", 4, -.12), "jar": ("jar", 3, .1), "box": ("carton", 4, .5), "sneaker": ("sneaker", 5, -.15)}
# name: (family, palette, light, product, seed)
REFERENCES = {"reference": ("wooden table", "oak", "warm", "jar", 3), "reference-table": ("wooden table", "oak", "warm", "jar", 3),
              "reference-beach": ("beach", "golden sand", "daylight", "tube", 4), "reference-podium": ("podium", "pink and cream", "softbox", "perfume", 4), "reference-bokeh": ("night lights", "golden", "neon", "perfume", 3)}


EMPTY = {"reference"}


def product(shape, seed, yaw, size, samples, path, tmp):
    """One cut-out product: base 80 % down the frame, 55 % high, soft studio light."""
    sc = passes.fresh(size=size, samples=samples, transparent=True, threads=2)
    sc.view_settings.view_transform, sc.view_settings.look = "Khronos PBR Neutral", "None"
    finish.QUALITY["label"] = 640
    rng = np.random.default_rng([seed, 77])
    holder, parts = products.build(shape, rng, yaw)
    lights.world("studio", lights.LIGHTS["softbox"], rng, lights.direction(40, -50), 0, 0)
    lights.area((-8, -7, 9), (9, 9), (1, 0.98, 0.95), 2300)
    lights.area((9, -2, 5), (3, 10), (1, 1, 1), 900)
    lights.area((3, 9, 8), (8, 4), (1, 1, 1), 900)
    camera.place(parts, 7, 0, 85, height=.56, base=.8, center=.5, blur=0, max_width=.72)
    res = passes.shoot(tmp)
    inside = res["product"] > .5
    stops = 0.7 * np.log2(0.36 / res["rgb"][inside].mean())
    atomic(path, lambda p: passes.save_view(p, float(np.clip(stops, -3, 3))))


def reference(family, palette, light, shape, seed, size, samples, stem, tmp, empty=False):
    """One finished advertising picture with the mask of its product, or the same scene without it."""
    rng = np.random.default_rng([seed, 55])
    passes.fresh(size=size, samples=samples, threads=2)
    finish.QUALITY["label"] = 480
    layout, info = compose.stage(family, palette, light, rng)
    res, _, stops, _ = compose.picture(layout, info, shape, rng, tmp, show=not empty)
    atomic(stem + ".jpg", lambda p: passes.save_view(p, stops, 90, "JPEG"))
    if empty:
        return
    cover = Image.fromarray(passes.mask8(res["product"])).filter(ImageFilter.MaxFilter(2 * (size // 192) + 1))
    atomic(stem + ".mask.png", lambda p: passes.write_gray(p, 255 - np.asarray(cover)))


def sheet(path, tmp, what, count=6, size=160):
    """Contact sheet of `count` seeds for every product or reference, to choose from."""
    todo = PRODUCTS if what == "products" else REFERENCES
    im = Image.new("RGB", (count * size, len(todo) * size), "#dddddd")
    for r, (name, spec) in enumerate(todo.items()):
        for c in range(count):
            one = tmp + ".png"
            if what == "products":
                product(spec[0], c, spec[2], size, 6, one, tmp)
                tile = Image.open(one).convert("RGBA")
                im.paste(tile, (c * size, r * size), tile)
            else:
                reference(*spec[:4], c, size, 6, tmp, tmp)
                im.paste(Image.open(tmp + ".jpg"), (c * size, r * size))
    im.save(path)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", default="samples")
    ap.add_argument("--only", nargs="*", help="names to render (default: all)")
    ap.add_argument("--size", type=int, default=768)
    ap.add_argument("--samples", type=int, default=48)
    ap.add_argument("--sheet", choices=["products", "references"], help="write OUT/sheet.png with candidate seeds instead")
    args = ap.parse_args()
    os.makedirs(args.out, exist_ok=True)
    tmp = os.path.join(tempfile.mkdtemp(), "pass.exr")
    if args.sheet:
        return sheet(os.path.join(args.out, "sheet.png"), tmp, args.sheet)
    for name, spec in PRODUCTS.items():
        if not args.only or name in args.only:
            product(*spec, args.size, args.samples, os.path.join(args.out, name + ".png"), tmp)
    for name, spec in REFERENCES.items():
        if not args.only or name in args.only:
            reference(*spec, args.size, args.samples, os.path.join(args.out, name), tmp, empty=name in EMPTY)


if __name__ == "__main__":
    main()
