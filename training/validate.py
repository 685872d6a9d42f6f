"""The velocity loss on held-out scenes: of the averaged weights, as a job sees them, and with one condition taken away or exchanged at a time.

What an exchanged condition costs is what the model makes of it. Timesteps, noise and masks are the same in every line.

python training/validate.py [--bits 10] [--scenes 160] [--below 0.4] [--lines "as in a job"]
"""
import argparse

import numpy as np
import torch

import train_tokenizer
from conditions import RECIPE, make_batch
from config import CONFIG, autocast, start
from data import load_scenes
from estimate_depth import estimated_depth
from export import rounded
from models import build_scheduler
from sample import load_average
from train_diffusion import STAGES, encoded, velocity_loss

BATCH = 32
# As in a job: the reference is another picture of the style, its product hidden, Eq. 6; nothing else is left to chance.
JOB = {"referenceAnother": 1.0, "referenceSelf": 0.0, "hideProductInSelf": 1.0, "extraMask": 0.0, "dropCaption": 0.0, "dropAll": 0.0,
       "dropControl": 0.0, "referenceDepth": 1.0, "fusion": {name: float(name == "query") for name in RECIPE["fusion"]}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=STAGES, default="refine")
    parser.add_argument("--bits", type=int, default=10, help="of the mantissa of float16 that the weights keep")
    parser.add_argument("--scenes", type=int, default=10**6, help="at most so many")
    parser.add_argument("--below", type=float, help="only timesteps in this lower part, 0 … 1; all without it")
    parser.add_argument("--lines", nargs="*", help="only these")
    args = parser.parse_args()
    start()
    RECIPE.update(JOB)
    scenes = load_scenes()
    tokenizer = train_tokenizer.load()
    captions = torch.tensor([train_tokenizer.encode(tokenizer, r["captions"]) for r in scenes.records])
    empty = torch.tensor(train_tokenizer.encode(tokenizer, [""])[0])
    latents, depths = encoded(scenes), estimated_depth(scenes)
    model = load_average(args.stage, tokenizer)
    model.load_state_dict({name: rounded(value, args.bits) for name, value in model.state_dict().items()})
    changes = {"as in a job": lambda batch: None, "no caption": lambda batch: batch.input_ids.copy_(empty.expand_as(batch.input_ids)),
               "another caption": lambda batch: roll(batch, "input_ids"), "another reference": lambda batch: roll(batch, "reference"),
               "no depth": lambda batch: batch.control.zero_()}
    for name, change in changes.items():
        if args.lines is None or name in args.lines:
            loss = loss_of(model, scenes, latents, depths, captions, empty, change, args)
            print(f"{name}: {loss:.4f}", flush=True)


def roll(batch, name):
    setattr(batch, name, getattr(batch, name).roll(1, 0))


@torch.no_grad()
def loss_of(model, scenes, latents, depths, captions, empty, change, args):
    """Mean over held-out scenes whose style group has another picture."""
    index = np.array([i for i in scenes.test if scenes.siblings[i]])
    alphas = build_scheduler().alphas_cumprod
    rng = np.random.default_rng(CONFIG["seed"])
    torch.manual_seed(CONFIG["seed"])
    order = rng.permutation(index)[:args.scenes]
    losses = []
    for begin in range(0, len(order) - BATCH + 1, BATCH):
        batch = make_batch(scenes, latents, depths, captions, empty, order[begin:begin + BATCH], rng)
        change(batch)
        with autocast():
            losses.append(velocity_loss(model, batch, alphas, rng, args.below and (1.0, args.below)).item())
    return float(np.mean(losses))


if __name__ == "__main__":
    main()
