"""A folder of pictures as training samples for MEPA on a pretrained model (paper 4.1), read as they are needed.

The layout is the renderer's. Each line of its *.jsonl files is a picture:
  {"id": "00012", "captions": ["…"], "image": "00012.jpg", "group": "kitchen", "split": "train"}
`image` is a path in the folder, by default <id>.png; `group` (pictures of one style) and `split` may be left out. Beside
00012.jpg may lie 00012.mask.png, white where the product is, and 00012.depth.png, disparity of the whole picture, white = near;
without the first there is no product, without the second the depth network estimates it.

Everything random about a sample follows from the seed and the sample's place in the run, so the samples of a step do not depend
on the number of processes, on loader workers or on where a run was interrupted.
"""
import json
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from masks import grow, random_mask
from mepa import FUSIONS

LATENT_CHANNELS, LATENT_STRIDE = 4, 8


class Sample(NamedTuple):
    """One sample, or a batch of them with a leading dimension. S: side of the picture, s = S/8."""

    image: torch.Tensor  # [3,S,S] uint8
    product: torch.Tensor  # [1,S,S] in [0,1]
    disparity: torch.Tensor  # [1,S,S] in [0,1]
    has_disparity: torch.Tensor  # bool
    reference: torch.Tensor  # [3,S,S] uint8
    keep: torch.Tensor  # D [1,S,S], 1 = keep
    caption: str  # of a batch: a list
    time_ids: torch.Tensor  # [6]: SDXL's original size, crop corner and target size, height first
    drop_caption: torch.Tensor  # bool
    drop_reference: torch.Tensor  # bool: the guidance's zero picture takes the reference's place
    control: torch.Tensor  # 1 where the ControlNet takes part, else 0
    gates: torch.Tensor  # [3] of the fusion
    scale: torch.Tensor  # λ of the fusion
    timestep: torch.Tensor  # int64
    noise: torch.Tensor  # ε [4,s,s]
    latent_noise: torch.Tensor  # [4,s,s], what the VAE's posterior is sampled with

    def to(self, device):
        return Sample(*(x.to(device, non_blocking=True) if torch.is_tensor(x) else x for x in self))


class Pictures(torch.utils.data.Dataset):
    """Samples by their place in the run: place p is picture permutation(p // N)[p % N]."""

    def __init__(self, folder, recipe, timesteps, grid):
        """timesteps: of the scheduler; grid: patches along a side of the vision encoder."""
        self.folder, self.recipe, self.timesteps, self.grid = folder, recipe, timesteps, grid
        self.records = read_records(folder)
        groups = defaultdict(list)
        for i, record in enumerate(self.records):
            groups[record.get("group", f"only {i}")].append(i)
        self.siblings = [[j for j in groups[r.get("group", f"only {i}")] if j != i] for i, r in enumerate(self.records)]

    def __getitem__(self, place):
        recipe, rng = self.recipe, np.random.default_rng([self.recipe.seed, place])
        epoch, at = divmod(place, len(self.records))
        index = permutation(recipe.seed, epoch, len(self.records))[at]
        record = self.records[index]
        image, product, disparity, time_ids = self.read(record)
        another = rng.random() < recipe.referenceAnother and len(self.siblings[index]) > 0
        reference, hidden = image, product
        if another:
            reference, hidden, _, _ = self.read(self.records[rng.choice(self.siblings[index])])
        dropped = rng.random()
        drop_all = dropped < recipe.dropAll
        *gates, scale = FUSIONS[recipe.fusion]
        size = recipe.side // LATENT_STRIDE
        normal = lambda: torch.from_numpy(rng.standard_normal((LATENT_CHANNELS, size, size), np.float32))  # noqa: E731
        return Sample(
            image, product, torch.zeros_like(product) if disparity is None else disparity, torch.tensor(disparity is not None),
            reference, self.visibility(hidden, another, rng), record["captions"][rng.integers(len(record["captions"]))], time_ids,
            torch.tensor(dropped < recipe.dropAll + recipe.dropCaption), torch.tensor(drop_all),
            torch.tensor(float(rng.random() < recipe.control)), torch.tensor(gates, dtype=torch.float32),
            torch.tensor(float(scale)), torch.tensor(int(rng.integers(self.timesteps))), normal(), normal())

    def read(self, record):
        """Pixels [3,S,S] uint8, product [1,S,S], disparity [1,S,S] or None, time ids [6]; one crop for all three (R3)."""
        path = self.folder / record.get("image", f"{record['id']}.png")
        side = self.recipe.side
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        width, height = picture.size
        grown = [max(side, round(length * side / min(width, height))) for length in (width, height)]
        left, top = ((length - side) // 2 for length in grown)

        def fitted(image, method):
            return np.array(image.resize(grown, method).crop((left, top, left + side, top + side)))

        def beside(end):
            file = path.with_name(f"{path.stem}.{end}.png")
            if not file.exists():
                return None
            with Image.open(file) as opened:
                if opened.size != (width, height):
                    raise ValueError(f"{file}: expected the picture's size {width}×{height}, got {opened.size[0]}×{opened.size[1]}")
                values = np.asarray(opened if opened.mode.startswith("I") else opened.convert("L"))
            most = 255 if values.dtype == np.uint8 else 65535
            return torch.from_numpy(fitted(Image.fromarray(values.astype(np.float32) / most), Image.Resampling.BILINEAR))[None]

        product = beside("mask")
        pixels = torch.from_numpy(fitted(picture, Image.Resampling.LANCZOS)).permute(2, 0, 1).contiguous()
        time_ids = torch.tensor([height, width, top, left, side, side], dtype=torch.float32)
        return pixels, torch.zeros(1, side, side) if product is None else product, beside("depth"), time_ids

    def visibility(self, product, another, rng):
        """Random D [1,S,S] of a reference whose product [1,S,S] may be hidden; in another picture's reference it always is.

        Text-only is D = 0: by Eq. 6 the text then answers everywhere, and the image branch adds mean(V) (R7), which has to learn
        to do no harm. With λ = 0 instead such samples would teach the branch nothing, as all else is frozen."""
        recipe, keep = self.recipe, torch.ones_like(product)
        if rng.random() < recipe.textOnly:
            return torch.zeros_like(product)
        known = product.max() > 0.5
        masked = rng.random() < recipe.mask
        hide_product = masked and rng.random() < recipe.maskProduct
        if known and (another or hide_product):
            keep = 1 - grow(product[None] > 0.5, recipe.dilationPx)[0]
        if masked and not (known and hide_product):
            keep = keep * random_mask(rng, recipe.side, recipe.side // self.grid)
        return keep


@lru_cache(maxsize=2)
def permutation(seed, epoch, count):
    return np.random.default_rng([seed, epoch, count]).permutation(count)


def read_records(folder):
    """Lines of *.jsonl that belong to training, whose pictures are on disk."""
    records = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    records = [r for r in records if r.get("split", "train") == "train"]
    if not records:
        raise FileNotFoundError(f"{folder}: expected pictures and *.jsonl files that list them, found no line; see pictures.py")
    for record in records:
        if not record["captions"] or not (folder / record.get("image", f"{record['id']}.png")).exists():
            raise FileNotFoundError(f"{folder}: {record['id']}: expected a picture and at least one caption")
    return records


def places(steps, batch, accumulate, rank, world):
    """For every step and each of its `accumulate` parts: the places of this process's `batch` samples.

    Torch's DistributedSampler would do for one run; these places also survive a restart and another number of processes."""
    for step in steps:
        for part in range(accumulate):
            first = ((step * accumulate + part) * world + rank) * batch
            yield list(range(first, first + batch))
