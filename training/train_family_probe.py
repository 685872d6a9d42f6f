"""A linear probe on what a scene looks like (scene_features.py): which scene family does a background belong to?

`backdrop eval` uses it for text adherence and for the Inception score. It asks nothing of the networks that it judges. Trained on the `train` renders
only, as they are, softened twice and mirrored, because painted pictures are softer than renders; its accuracy on the `test` renders is
written beside it, as they are and as soft as they come.

python training/train_family_probe.py --renders training/data/renders --out models/mini/evaluation
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from config import CONFIG, PACKAGE, RENDERS, start
from data import complete_records
from scene_features import scene_features

BATCH = 32
WEIGHT_DECAY = 3e-3
SOFTNESS = (1, 2, 4)  # px that become one, and are enlarged again


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--renders", type=Path, default=RENDERS)
    parser.add_argument("--out", type=Path, default=PACKAGE / "evaluation")
    parser.add_argument("--threads", type=int, default=CONFIG["threads"])
    options = parser.parse_args()
    start(threads=options.threads)
    records = complete_records(options.renders)
    families = sorted({r["family"] for r in records})
    split = {name: [r for r in records if r["split"] == name] for name in ("train", "test")}
    views = [(softness, mirrored) for softness in SOFTNESS for mirrored in (False, True)]
    train = torch.cat([features(split["train"], options.renders, *view) for view in views])
    labels = torch.tensor([families.index(r["family"]) for r in split["train"]])
    weight, bias = fit(train, labels.repeat(len(views)), len(families))
    truth = torch.tensor([families.index(r["family"]) for r in split["test"]])
    accuracy = {}
    for name, softness in (("background", SOFTNESS[0]), ("soft", SOFTNESS[-1])):
        logits = features(split["test"], options.renders, softness, False) @ weight.T + bias
        accuracy[name] = round((logits.argmax(1) == truth).float().mean().item(), 4)
    write(options.out, families, weight, bias, accuracy, {name: len(split[name]) for name in split})
    print(f"{len(families)} families, held-out accuracy {accuracy} on {len(truth)} scenes, chance {1 / len(families):.3f}")


def features(records, renders, softness, mirrored):
    """Scene features of the backgrounds: [N, 1216]."""
    found = []
    for begin in range(0, len(records), BATCH):
        names = [renders / f"{int(r['id']):05d}" for r in records[begin:begin + BATCH]]
        pictures = np.stack([np.asarray(Image.open(f"{n}.png").convert("RGB")) for n in names])
        product = np.stack([np.asarray(Image.open(f"{n}.mask.png").convert("L")) for n in names])
        x = soften(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255, softness)
        background = (torch.from_numpy(product) == 0).float()[:, None]
        found.append(scene_features(*((x.flip(3), background.flip(3)) if mirrored else (x, background))))
    return torch.cat(found)


def soften(pictures, by):
    """`by`×`by` px averaged and enlarged again, in 8 bits as a picture on disk is."""
    if by == 1:
        return pictures
    small = F.avg_pool2d(pictures, by)
    return (F.interpolate(small, size=pictures.shape[-2:], mode="bilinear") * 255).round() / 255


def fit(x, y, classes):
    """Multinomial logistic regression with weight decay on standardised features; the standardisation is folded in."""
    mean, std = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / std
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=80, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        value = F.cross_entropy(z @ weight.T + bias, y) + WEIGHT_DECAY * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    folded = weight.detach() / std
    return folded, bias.detach() - folded @ mean


def write(out, families, weight, bias, accuracy, counts):
    out.mkdir(parents=True, exist_ok=True)
    save_file({"weight": weight.contiguous(), "bias": bias.contiguous()}, out / "family.safetensors")
    about = {"schemaVersion": 2, "families": families, "heldOutAccuracy": accuracy, "scenes": counts}
    (out / "family.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
