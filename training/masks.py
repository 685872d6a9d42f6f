"""Random decision masks D of a reference, 1 = keep (paper 4.1: random masks were generated for the reference images)."""
import numpy as np
import torch
import torch.nn.functional as F


def random_mask(rng, side, patch):
    """A rectangle, a half-plane or patches of `patch` px dropped: [1, side, side], 1 = keep."""
    kind = rng.integers(3)
    keep = torch.ones(1, side, side)
    if kind == 0:
        h, w = (rng.uniform(0.2, 0.7, 2) * side).astype(int)
        y, x = rng.integers(side - h), rng.integers(side - w)
        keep[:, y:y + h, x:x + w] = 0
    elif kind == 1:
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        axis = torch.linspace(-0.5, 0.5, side)
        keep = ((axis[None, :] * np.cos(angle) + axis[:, None] * np.sin(angle)) < offset).float()[None]
    else:
        n = side // patch
        patches = torch.from_numpy(rng.random((1, 1, n, n)) > rng.uniform(0.1, 0.6)).float()
        keep = F.interpolate(patches, size=(side, side), mode="nearest")[0]
    return keep


def grow(mask, radius):
    """Square dilation of a binary mask [B,1,H,W] by `radius` px -> float {0,1}."""
    m = mask.float()
    m = F.max_pool2d(m, (2 * radius + 1, 1), 1, (radius, 0))
    return F.max_pool2d(m, (1, 2 * radius + 1), 1, (0, radius))
