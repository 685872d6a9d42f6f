"""Bulk rendering of training scenes: `python training/render/render.py --out DIR --groups 700 --seed 0 --workers 2 [--resume]`.

Group g is a style group of three pictures (same family, palette and light); everything about it follows
from (seed, g), so an interrupted run continues where it stopped and workers need no coordination.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
SHOTS = 3


def plan(seed, groups):
    """[(family, palette, light, [products], split)] for every group; each prefix is balanced over families."""
    import products
    import scenes
    rng = np.random.default_rng([seed, 7])
    names, goods = list(scenes.FAMILIES), list(products.PRODUCTS)
    bags = {n: [] for n in names}
    shelf, out = [], []
    order = []
    for g in range(groups):
        if not order:
            order = list(rng.permutation(names))
        fam = order.pop()
        if not bags[fam]:  # every palette with every light once, then again
            _, colours, lights, _ = scenes.FAMILIES[fam]
            pairs = [(p, l) for p in colours for l in lights]
            bags[fam] = [pairs[i] for i in rng.permutation(len(pairs))]
        palette, light = bags[fam].pop()
        picks = []
        while len(picks) < SHOTS:
            if not shelf:
                shelf = list(rng.permutation(goods))
            nxt = next((p for p in reversed(shelf) if p not in picks), None)
            if nxt is None:
                shelf = list(rng.permutation(goods))
                continue
            shelf.remove(nxt)
            picks.append(str(nxt))
        out.append((str(fam), palette, light, picks, split_of(str(fam), palette, light, g, groups)))
    return out


def held_out_from(groups):
    """The first of the groups at the end that are all held out."""
    return groups - int(groups * 0.05)


def split_of(family, palette, light, g, groups):
    """'test' for the last 5 % of groups and for about one family x palette x light combination in 25."""
    if g >= held_out_from(groups):
        return "test"
    key = hashlib.sha256(f"{family}|{palette}|{light}".encode()).digest()[0]
    return "test" if key < 10 else "train"


def atomic(path, write):
    """Run write(temporary path), then rename it to `path`."""
    tmp = os.path.join(os.path.dirname(path), f".{os.getpid()}.{os.path.basename(path)}")
    write(tmp)
    os.replace(tmp, path)


def group(g, spec, seed, out, samples, tmp):
    """Render the pictures of group g; returns their metadata records."""
    import captions
    import compose
    import passes
    import products  # noqa: F401  (registers shapes)
    family, palette, light, picks, split = spec
    rng = np.random.default_rng([seed, 1000 + g])
    passes.fresh(samples=samples)
    layout, info = compose.stage(family, palette, light, rng)
    records = []
    for k, product in enumerate(picks):
        i = g * SHOTS + k
        res, cam, stops, keep = compose.picture(layout, info, product, rng, tmp)
        stem = os.path.join(out, f"{i:05d}")
        mask = passes.mask8(res["product"])
        ys, xs = np.nonzero(mask > 127)
        atomic(stem + ".png", lambda p: passes.save_view(p, stops))
        atomic(stem + ".depth.png", lambda p: passes.write_gray(p, passes.depth16(res["disp"])))
        atomic(stem + ".mask.png", lambda p: passes.write_gray(p, mask))
        compose.clear(keep)
        cam["stops"] = round(stops, 2)
        records.append({"id": f"{i:05d}", "group": g, "split": split, "family": family, "light": light, "palette": palette,
                        "surface": captions.place(rng, info), "product": product, "captions": captions.write(rng, info, product),
                        "camera": cam, "box": [int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1]})
    return records


def finished(out):
    """Numbers of the groups whose records are complete in DIR."""
    seen = {}
    for name in os.listdir(out):
        if name.startswith("scenes-") and name.endswith(".jsonl"):
            with open(os.path.join(out, name)) as fh:
                for line in fh:
                    try:
                        g = json.loads(line)["group"]
                    except ValueError:  # a line cut short by an interruption
                        continue
                    seen[g] = seen.get(g, 0) + 1
    return {g for g, n in seen.items() if n >= SHOTS}


def work(args):
    """Render every group of this worker's share that is not there yet."""
    if hasattr(os, "sched_setaffinity"):
        # One core per worker: Cycles spins on a second core otherwise, and two workers then fight.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[args.worker % len(cores)]})
    done = finished(args.out)
    specs = plan(args.seed, args.groups)
    log = os.path.join(args.out, f"scenes-{args.worker}.jsonl")
    tmp = os.path.join(args.tmp, f"render-{os.getpid()}.exr")
    start, count = time.time(), 0
    # The held-out end comes first: wherever rendering stops, there is something to measure on.
    tail = held_out_from(args.groups)
    for g in [*range(tail, args.groups), *range(tail)]:
        if g in done or g % args.workers != args.worker:
            continue
        try:
            records = group(g, specs[g], args.seed, args.out, args.samples, tmp)
        except Exception as err:  # one bad scene must not stop the night's work
            print(f"group {g} {specs[g][:3]} failed: {err!r}", file=sys.stderr, flush=True)
            continue
        with open(log, "a") as fh:  # one write for the whole group
            fh.write("".join(json.dumps(r) + "\n" for r in records))
        count += SHOTS
        print(f"worker {args.worker} group {g} {specs[g][0]}: {count} images, {count / (time.time() - start):.2f}/s", flush=True)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--groups", type=int, default=700)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--workers", type=int, default=2)
    ap.add_argument("--samples", type=int, default=8)
    ap.add_argument("--tmp", default="/dev/shm" if os.path.isdir("/dev/shm") else ".")
    ap.add_argument("--resume", action="store_true", help="accepted for clarity: finished groups are always skipped")
    ap.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    args = ap.parse_args()
    os.makedirs(args.out, exist_ok=True)
    if args.worker is not None:
        return work(args)
    share = [[sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--worker", str(k)] for k in range(args.workers)]
    runs = [subprocess.Popen(cmd, stdout=open(os.path.join(args.out, f"log-{k}.txt"), "a"), stderr=subprocess.STDOUT)
            for k, cmd in enumerate(share)]
    sys.exit(max(r.wait() for r in runs))


if __name__ == "__main__":
    main()
