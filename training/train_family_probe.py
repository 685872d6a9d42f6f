"""A linear probe on the package's own image tokens: which scene family does a background belong to?

`backdrop eval` uses it for text adherence and for the Inception score. Trained on the `train` renders only; its accuracy on the
`test` renders is written beside it. One view a scene sees the background alone, two see it through a random half of the patches.

python training/train_family_probe.py --renders training/data/renders --out models/mini/evaluation
"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModel

from config import CONFIG, PACKAGE, RENDERS, start
from data import complete_records, pixels
from vision import LinearCompression, PatchFlexibleVision, patch_visibility

PATCH = CONFIG["image_encoder"]["patch_size"]
TAU = 0.1
BATCH = 32
WEIGHT_DECAY = 3e-3
ENCODER_FILES = ("image_encoder/model.safetensors", "ip_adapter.safetensors")


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
    encode = load_encoder()
    train = [features(encode, split["train"], options.renders, halves) for halves in (False, True, True)]
    labels = torch.tensor([families.index(r["family"]) for r in split["train"]])
    weight, bias = fit(torch.cat(train), labels.repeat(len(train)), len(families))
    truth = torch.tensor([families.index(r["family"]) for r in split["test"]])
    accuracy = {}
    for name, halves in (("background", False), ("half", True)):
        logits = features(encode, split["test"], options.renders, halves) @ weight.T + bias
        accuracy[name] = round((logits.argmax(1) == truth).float().mean().item(), 4)
    write(options.out, families, weight, bias, accuracy, {name: len(split[name]) for name in split})
    print(f"{len(families)} families, held-out accuracy {accuracy} on {len(truth)} scenes, chance {1 / len(families):.3f}")


def load_encoder():
    """(normalised pixels, patch mask) -> image tokens [B, 16, 128], with the package's weights."""
    vision = PatchFlexibleVision(CLIPVisionModel(CLIPVisionConfig(**CONFIG["image_encoder"])))
    tensors = load_file(PACKAGE / ENCODER_FILES[0])
    own = {k.removeprefix("vision_model."): v.float() for k, v in tensors.items()}
    result = vision.clip.load_state_dict(own, strict=False)
    if result.unexpected_keys or [k for k in result.missing_keys if "position_ids" not in k]:
        raise RuntimeError(f"{ENCODER_FILES[0]} does not fit config.json: {result}")
    compression = CONFIG["compression"]
    compress = LinearCompression(CONFIG["image_encoder"]["hidden_size"], compression["queries"], compression["inner"],
                                 compression["output"])
    adapter = load_file(PACKAGE / ENCODER_FILES[1])
    prefix = "image_proj."
    compress.load_state_dict({k.removeprefix(prefix): v.float() for k, v in adapter.items() if k.startswith(prefix)})
    return lambda x, mask: compress(vision(x, mask), mask)


@torch.no_grad()
def features(encode, records, renders, halves):
    """Image tokens of the backgrounds, flattened: [N, 2048]. The product's patches are always hidden."""
    found = []
    for begin in range(0, len(records), BATCH):
        names = [renders / f"{int(r['id']):05d}" for r in records[begin:begin + BATCH]]
        pictures = torch.from_numpy(np.stack([np.asarray(Image.open(f"{n}.png").convert("RGB")) for n in names]))
        product = torch.from_numpy(np.stack([np.asarray(Image.open(f"{n}.mask.png").convert("L")) for n in names]))
        visible = patch_visibility((product == 0).float()[:, None], PATCH, TAU)
        found.append(encode(pixels(pictures), half(visible) if halves else visible).flatten(1))
    return torch.cat(found)


def half(visible):
    """Only the left, right, upper or lower half of each grid stays visible, by chance."""
    side = int(visible.shape[1] ** 0.5)
    grid = visible.view(-1, side, side).clone()
    for one, which in zip(grid, torch.randint(4, (len(grid),))):
        view = one if which < 2 else one.T
        view[:, : side // 2] *= which % 2
        view[:, side // 2:] *= 1 - which % 2
    return grid.flatten(1)


def fit(x, y, classes):
    """Multinomial logistic regression with weight decay on standardised features; the standardisation is folded in."""
    mean, std = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / std
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=80, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        value = torch.nn.functional.cross_entropy(z @ weight.T + bias, y) + WEIGHT_DECAY * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    folded = weight.detach() / std
    return folded, bias.detach() - folded @ mean


def write(out, families, weight, bias, accuracy, counts):
    out.mkdir(parents=True, exist_ok=True)
    save_file({"weight": weight.contiguous(), "bias": bias.contiguous()}, out / "family.safetensors")
    # The encoder that the probe was trained on: with other weights its answers would mean nothing.
    encoder = {path: hashlib.sha256((PACKAGE / path).read_bytes()).hexdigest() for path in ENCODER_FILES}
    about = {"schemaVersion": 1, "families": families, "heldOutAccuracy": accuracy, "scenes": counts, "encoder": encoder}
    (out / "family.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
