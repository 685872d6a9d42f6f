"""The rendered scenes as arrays: decoded once into training/data/cache, then held as uint8 tensors."""
import json
import time
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from config import CACHE, CONFIG, RENDERS

SIDE = CONFIG["image"]


@dataclass
class Scenes:
    """N scenes. images [N,256,256,3] uint8 RGB, disparity [N,256,256] uint8 (255 = nearest), product [N,256,256] uint8.

    records: the JSON line of each scene; train, test: indices; siblings[i]: other scenes of i's style group."""

    images: torch.Tensor
    disparity: torch.Tensor
    product: torch.Tensor
    records: list
    train: np.ndarray
    test: np.ndarray
    siblings: list


def load_scenes(renders=RENDERS, cache=CACHE):
    """Every complete scene that exists now. The cache is rebuilt when that set has changed."""
    records = complete_records(renders)
    if not records:
        raise FileNotFoundError(f"{renders}: expected rendered scenes (00000.png, …, scenes-*.jsonl), found none; "
                                "run training/render first")
    index = cache / "scenes.json"
    names = [r["id"] for r in records]
    if not index.exists() or [r["id"] for r in json.loads(index.read_text())] != names:
        decode(records, renders, cache)
    arrays = [torch.from_numpy(np.load(cache / f"{n}.npy")) for n in ("images", "disparity", "product")]
    groups = defaultdict(list)
    for i, r in enumerate(records):
        groups[r["group"]].append(i)
    siblings = [[j for j in groups[r["group"]] if j != i] for i, r in enumerate(records)]
    is_train = np.array([r["split"] == "train" for r in records])
    return Scenes(*arrays, records, np.flatnonzero(is_train), np.flatnonzero(~is_train), siblings)


def complete_records(renders):
    """Lines of scenes-*.jsonl whose three pictures are on disk, ordered by id."""
    found = {}
    for path in sorted(renders.glob("scenes-*.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if all((renders / f"{int(record['id']):05d}.{end}").exists() for end in ("png", "depth.png", "mask.png")):
                found[int(record["id"])] = record
    return [found[i] for i in sorted(found)]


def decode(records, renders, cache):
    """PNG -> .npy, written beside and renamed so that an interrupted run leaves the old cache."""
    begin = time.time()
    n = len(records)
    images = np.empty((n, SIDE, SIDE, 3), np.uint8)
    disparity = np.empty((n, SIDE, SIDE), np.uint8)
    product = np.empty((n, SIDE, SIDE), np.uint8)
    for i, record in enumerate(records):
        name = renders / f"{int(record['id']):05d}"
        images[i] = np.asarray(Image.open(f"{name}.png").convert("RGB"))
        disparity[i] = (np.asarray(Image.open(f"{name}.depth.png")).astype(np.float32) / 257 + 0.5).astype(np.uint8)
        product[i] = np.asarray(Image.open(f"{name}.mask.png").convert("L"))
    (cache / "scenes.json").unlink(missing_ok=True)
    for key, value in (("images", images), ("disparity", disparity), ("product", product)):
        np.save(cache / f"{key}.npy", value)
    (cache / "scenes.json").write_text(json.dumps(records))
    print(f"decoded {n} scenes in {time.time() - begin:.0f} s", flush=True)


def pixels(images, mean=CONFIG["mean"], std=CONFIG["std"]):
    """uint8 [B,H,W,3] -> normalised float [B,3,H,W], channels last in memory."""
    x = images.permute(0, 3, 1, 2).float().div_(255)
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


def flip_some(flip, *tensors):
    """Mirror the samples where flip [B] is true, left to right. Tensors are [B,H,W] or [B,H,W,C] (W is dim 2)."""
    return [torch.where(flip.view(-1, *[1] * (t.ndim - 1)), t.flip(2), t) for t in tensors]
