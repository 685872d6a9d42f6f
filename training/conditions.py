"""Which conditions a training sample sees: reference, visibility D, fusion, depth control, and what is dropped.

Differences from the paper (4.1) and why:
- 20 % of the samples have no reference (the paper: 5 % text-only). D = 0 makes the text branch answer everywhere, and a
  model trained from nothing has to learn its text from this data too.
- The reference is another picture of the same style group half of the time: the pictures that share a style differ in
  camera, arrangement and product, so the tokens must carry style and cannot be a copy of the target.
- The product of the reference is always hidden in another picture, and in 60 % of the self-references (paper: 50 % of the
  image prompts are masked).
- Depths are the depth network's estimates (estimate_depth.py), as at inference. Channel 1 is the *target's* scene under D; at
  inference it is the reference's: the network only learns "a scene with this layout here". The product's own place in it is
  always zero, as channel 0 tells it.
"""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from config import CONFIG
from data import flip_some, pixels
from masks import grow, random_mask
from mepa import FUSIONS
from vision import patch_visibility

RECIPE = CONFIG["recipe"]
PATCH = CONFIG["image_encoder"]["patch_size"]
NAMES = list(RECIPE["fusion"])
GATES = torch.tensor([FUSIONS[n][:3] for n in NAMES], dtype=torch.float32)
SCALES = torch.tensor([FUSIONS[n][3] for n in NAMES], dtype=torch.float32)


@dataclass
class Batch:
    """B samples. latents [B,4,32,32], input_ids [B,L], reference [B,3,256,256] normalised, patch_mask [B,256],
    query_mask [B,1,32,32] soft D, gates [B,3], scale [B], control [B,2,256,256], weight [B,1,32,32] of the loss, flip [B]: whether the sample is mirrored."""

    latents: torch.Tensor
    input_ids: torch.Tensor
    reference: torch.Tensor
    patch_mask: torch.Tensor
    query_mask: torch.Tensor
    gates: torch.Tensor
    scale: torch.Tensor
    control: torch.Tensor
    weight: torch.Tensor
    flip: torch.Tensor

    def to(self, device):
        return Batch(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def make_batch(scenes, latents, depths, captions, empty, index, rng):
    """index [B] scenes; latents [2,N,4,32,32] (plain, mirrored); depths: layout and product [N,256,256] uint8 (estimate_depth.py);
    captions [N,4,L] ids; empty [L]: ids of ""."""
    b = len(index)
    at = torch.from_numpy(index)
    flip = chance(rng, b, 0.5)
    kind = rng.random(b)
    another = kind < RECIPE["referenceAnother"]
    none = torch.from_numpy(kind >= RECIPE["referenceAnother"] + RECIPE["referenceSelf"])
    source = torch.from_numpy(np.array([rng.choice(scenes.siblings[i]) if a and scenes.siblings[i] else i
                                        for i, a in zip(index, another)]))
    hide = torch.from_numpy(another) | chance(rng, b, RECIPE["hideProductInSelf"])

    reference, reference_product = flip_some(flip, scenes.images[source], scenes.product[source])
    product, layout, relief = flip_some(flip, scenes.product[at], depths[0][at], depths[1][at])
    keep = visibility(reference_product, hide, none, rng)
    patch_mask = patch_visibility(keep, PATCH, RECIPE["tau"])
    reference = pixels(reference)
    input_ids = captions[at, torch.from_numpy(rng.integers(captions.shape[1], size=b))]

    drop_all = chance(rng, b, RECIPE["dropAll"])
    drop_text = drop_all | chance(rng, b, RECIPE["dropCaption"])
    input_ids = torch.where(drop_text[:, None], empty, input_ids)
    # Unconditional: a picture of zeros, all of it visible; D still decides where each branch answers.
    reference = torch.where(drop_all[:, None, None, None], 0.0, reference)
    patch_mask = torch.where(drop_all[:, None], 1.0, patch_mask)

    fusion = torch.from_numpy(rng.choice(len(NAMES), size=b, p=[RECIPE["fusion"][n] for n in NAMES]))
    control = control_image(layout, relief, product, keep, rng)
    inside = F.avg_pool2d(product[:, None].float() / 255, 8)
    return Batch(latents[flip.long(), at], input_ids, reference, patch_mask, F.avg_pool2d(keep, 8), GATES[fusion],
                 SCALES[fusion], control, 1 - (1 - RECIPE["productWeight"]) * inside, flip)


def visibility(product, hide, none, rng):
    """Random D [B,1,256,256], 1 = keep. product [B,256,256] uint8 of the reference is hidden (a bit dilated) where hide [B];
    some samples lose a rectangle, a half-plane or random patches as well; none [B]: nothing is kept."""
    keep = torch.where(hide[:, None, None, None], 1 - dilate(product[:, None] > 127), 1.0)
    for i in np.flatnonzero(rng.random(len(keep)) < RECIPE["extraMask"]):
        keep[i] *= random_mask(rng, keep.shape[-1], PATCH)
    return torch.where(none[:, None, None, None], 0.0, keep)


def dilate(mask):
    """A binary mask [B,1,H,W] with the margin that hides a product's edge -> float {0,1}."""
    return grow(mask, RECIPE["dilationPx"])


def control_image(layout, relief, product, keep, rng):
    """R8 `stacked`: the product's depth in its mask, and the scene's depth under D outside the product, in [0,1]: [B,2,256,256]."""
    b = len(layout)
    product = product.float() / 255
    present = ~chance(rng, b, RECIPE["dropControl"])
    laid_out = present & chance(rng, b, RECIPE["referenceDepth"])
    foreground = relief.float() / 255 * product * present[:, None, None]
    background = layout.float() / 255 * (1 - product) * keep[:, 0] * laid_out[:, None, None]
    return torch.stack([foreground, background], 1)


def chance(rng, n, p):
    """n coin flips -> bool [n]."""
    return torch.from_numpy(rng.random(n) < p)
