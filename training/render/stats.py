"""Count what was rendered: `python training/render/stats.py --data DIR --out stats.json` (also prints the counts)."""
import argparse
import glob
import json
import os
import re
from collections import Counter


def read(folder):
    """All records of DIR, one per picture, ordered by id; a picture rendered twice counts once."""
    rows = {}
    for name in sorted(glob.glob(os.path.join(folder, "scenes-*.jsonl"))):
        with open(name) as fh:
            for line in fh:
                try:
                    row = json.loads(line)
                except ValueError:  # a line cut short by an interruption
                    continue
                rows[row["id"]] = row
    return [rows[k] for k in sorted(rows)]


def summary(rows):
    """Counts per family, light, product, palette and split, caption words, product size in pixels."""
    out = {"images": len(rows), "groups": len({r["group"] for r in rows})}
    for key in ("split", "family", "light", "product"):
        out[key] = dict(Counter(r[key] for r in rows).most_common())
    out["palettes"] = dict(Counter(f"{r['family']}: {r['palette']}" for r in rows).most_common())
    texts = [c for r in rows for c in r["captions"]]
    words = Counter(w for t in texts for w in re.findall(r"[a-z0-9']+", t))
    lengths = sorted(len(t.split()) for t in texts)
    out["captions"] = {"total": len(texts), "different": len(set(texts)), "vocabulary": len(words),
                       "words_median": lengths[len(lengths) // 2] if lengths else 0, "words_min": lengths[0] if lengths else 0,
                       "words_max": lengths[-1] if lengths else 0, "most_common": dict(words.most_common(60))}
    tall = sorted((r["box"][3] - r["box"][1]) / 256 for r in rows)
    out["product_height"] = {q: round(tall[int(len(tall) * f)], 3) for q, f in (("p5", .05), ("p50", .5), ("p95", .95))} if tall else {}
    held = {(r["family"], r["palette"], r["light"]) for r in rows if r["split"] == "test"}
    seen = {(r["family"], r["palette"], r["light"]) for r in rows if r["split"] == "train"}
    out["combinations"] = {"train": len(seen), "only_in_test": len(held - seen)}
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", default="training/data/renders")
    ap.add_argument("--out", help="JSON file to write")
    args = ap.parse_args()
    result = summary(read(args.data))
    print(json.dumps(result, indent=1))
    if args.out:
        with open(args.out, "w") as fh:
            json.dump(result, fh, indent=1)


if __name__ == "__main__":
    main()
