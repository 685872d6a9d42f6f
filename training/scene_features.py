"""What a scene looks like without asking any network: colours, where they are, and how rough it is at four scales.

`server/evaluation/sceneFeatures.ts` computes the same; test/fixtures/evaluation holds an example of this code in float64.
"""
import torch
import torch.nn.functional as F

GRID = 8
SCALES = 4
SOFT = 1e-3


def scene_features(pictures, background):
    """pictures [B,3,H,W] in [0,1], sides multiples of 64, background [B,1,H,W] (1 = counts) -> [B, 512 + 192 + 512], in the pictures' precision.

    Root of the colour histogram (8 levels a channel), mean colours of 8×8 cells, and the log energy of horizontal and vertical
    differences of the mean of the channels in those cells, at the picture's size and at a half, a quarter and an eighth of it."""
    return torch.cat([colours(pictures, background).sqrt(), cells(pictures, background).flatten(1),
                      roughness(pictures.mean(1, keepdim=True), background)], 1)


def colours(pictures, background):
    levels = (pictures * 255).round().long() * 8 // 256
    bins = ((levels[:, 0] * 8 + levels[:, 1]) * 8 + levels[:, 2]).flatten(1)
    weight = background.flatten(1)
    counts = torch.zeros(len(pictures), 512, dtype=pictures.dtype).scatter_add_(1, bins, weight)
    return counts / weight.sum(1, keepdim=True).clamp(min=1)


def cells(values, weight):
    """Weighted means of 8×8 cells; near 0 where nothing counts."""
    cell = (values.shape[-2] // GRID, values.shape[-1] // GRID)
    return F.avg_pool2d(values * weight, cell) / (F.avg_pool2d(weight, cell) + SOFT)


def roughness(grey, weight):
    found = []
    for _ in range(SCALES):
        for axis in (3, 2):
            step = grey.roll(-1, axis) - grey
            both = weight.roll(-1, axis) * weight
            both.select(axis, -1).zero_()  # there is no neighbour beyond the edge
            found.append((cells(step.square(), both) + 1e-6).log().flatten(1))
        counts = F.avg_pool2d(weight, 2)
        grey, weight = F.avg_pool2d(grey * weight, 2) / counts.clamp(min=SOFT), counts
    return torch.cat(found, 1)
