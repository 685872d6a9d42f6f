"""Train the diffusion model by Eq. 7. Stage `base`: UNet, text, vision, compression, MEPA. Stage `control`: plus ControlNet. Stage `refine`:
the parts of the UNet that see detail, at the quiet timesteps mostly, where a job at the default strength begins.

The paper adapts a frozen SDXL, so it freezes the UNet and the text weights; here nothing is pretrained and all train together.
Eq. 7 is written for the velocity v = α·ε − σ·x₀: |v − v_θ|² is |ε − ε_θ|² reweighted over t, and it is defined at the
zero-signal end that the schedule has (rescale_betas_zero_snr), so that sampling can start from pure noise.
"""
import argparse
import hashlib
import time

import numpy as np
import torch
from diffusers import AutoencoderTiny

import checkpoint
import objective
import train_tokenizer
from average import Average
from budget import Budget, LossLog
from conditions import make_batch
from config import CACHE, CONFIG, DEVICE, RUNS, autocast, start
from data import load_scenes
from estimate_depth import estimated_depth
from models import Backdrop, build_scheduler

CHECKPOINT = RUNS / "diffusion"
STAGES = ["base", "control", "refine"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--resume", action="store_true", help="go on from this stage's own checkpoint, if there is one")
    parser.add_argument("--batch", type=int)
    args = parser.parse_args()
    start()
    settings = {**CONFIG["training"][args.stage]}
    settings.update({k: v for k, v in (("minutes", args.minutes), ("batch", args.batch)) if v is not None})
    train(args.stage, settings, args.resume)


def train(stage, settings, resume):
    scenes = load_scenes()
    tokenizer = train_tokenizer.load()
    captions = torch.tensor([train_tokenizer.encode(tokenizer, r["captions"]) for r in scenes.records])
    empty = torch.tensor(train_tokenizer.encode(tokenizer, [""])[0])
    latents, depths = encoded(scenes), estimated_depth(scenes)
    path = CHECKPOINT / f"{stage}.pt"
    model, state = restore(stage, path, tokenizer.get_vocab_size(), tokenizer.token_to_id(train_tokenizer.END), resume)
    train_only(model, settings.get("only"))
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=settings["rate"], weight_decay=0.01, betas=(0.9, 0.99), fused=True)
    if state["optimiser"] is not None:
        optimiser.load_state_dict(state["optimiser"])
    average = Average(model, state["average"])
    budget = Budget(settings["minutes"], settings["rate"], settings["warmupSteps"], settings["finalRate"], state["seconds"])
    log = LossLog(RUNS / stage / "loss.csv", ["loss"])
    rng = np.random.default_rng(CONFIG["seed"] + state["step"] + 10**6 * STAGES.index(stage))
    order = Epochs(scenes.train, settings["batch"], rng)
    alphas = build_scheduler().alphas_cumprod.to(DEVICE)
    compiled(model)
    step, saved = state["step"], time.time()
    while not budget.done:
        budget.set_rate(optimiser, step)
        batch = make_batch(scenes, latents, depths, captions, empty, order.next(), rng).to(DEVICE)
        loss = velocity_loss(model, batch, alphas, rng, settings.get("quiet"))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        average.update(state["steps_before"] + step)
        log.add(step, budget.used, step * settings["batch"], (loss,))
        if time.time() - saved > 150:
            save(path, model, average, optimiser, state, step, settings["batch"], budget)
            saved = time.time()
    save(path, model, average, optimiser, state, step, settings["batch"], budget)


def train_only(model, parts):
    """Everything, or the parameters whose names begin with one of `parts`."""
    if parts is not None:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(tuple(parts)))


def velocity_loss(model, batch, alphas, rng, quiet=None):
    """Eq. 7 as |v − v_θ|²; weight 0.3 in the product, which is pasted back afterwards.

    quiet: (share, below): so many of the samples have a timestep below that, the others any; without it all have any."""
    b = len(batch.latents)
    # Stratified timesteps (one in each of B equal parts) steady the gradient. Uniform in t: what a step leaves behind at the
    # quiet end, no later step removes, and it shows as mottled texture.
    share = (rng.permutation(b) + rng.random(b)) / b
    if quiet is not None:
        share = np.where(rng.random(b) < quiet[0], share * quiet[1], share)
    timestep = torch.from_numpy((share * len(alphas)).astype(np.int64).clip(max=len(alphas) - 1)).to(DEVICE)
    noise = torch.randn_like(batch.latents)
    noisy, levels = objective.noised(batch.latents, noise, timestep, alphas)
    with autocast():
        predicted = model(batch, noisy.contiguous(memory_format=torch.channels_last), timestep)
    velocity = objective.target(CONFIG["scheduler"]["prediction_type"], batch.latents, noise, levels)
    return objective.weighted_error(predicted, velocity, batch.weight)


class Epochs:
    """Shuffled passes over the training scenes, in batches."""

    def __init__(self, index, batch, rng):
        self.index, self.batch, self.rng, self.left = index, batch, rng, np.empty(0, np.int64)

    def next(self):
        while len(self.left) < self.batch:
            self.left = np.concatenate([self.left, self.rng.permutation(self.index)])
        taken, self.left = self.left[:self.batch], self.left[self.batch:]
        return taken


@torch.no_grad()
def encoded(scenes):
    """Scaled latents of every scene, plain and mirrored: [2,N,4,32,32]; kept on disk for this encoder and these scenes."""
    vae = AutoencoderTiny.from_pretrained(RUNS / "vae")
    key = hashlib.sha256(str((vae.config.scaling_factor, [r["id"] for r in scenes.records])).encode())
    for value in vae.encoder.state_dict().values():
        key.update(value.numpy().tobytes())
    path = CACHE / f"latents-{key.hexdigest()[:16]}.pt"
    if path.exists():
        return torch.load(path)
    rows = []
    for images in (scenes.images, scenes.images.flip(2)):
        parts = [vae.encode(x.permute(0, 3, 1, 2).float().div(127.5).sub(1)).latents for x in images.split(8)]
        rows.append(torch.cat(parts) * vae.config.scaling_factor)
    latents = torch.stack(rows)
    torch.save(latents, path)
    print(f"latents: mean {latents.mean().item():.3f} std {latents.std().item():.3f}", flush=True)
    return latents


def restore(stage, path, vocabulary, end_id, resume):
    """The model of this stage and where it stands: its own checkpoint, else the result of the stage before."""
    fresh = {"step": 0, "steps_before": 0, "samples_before": 0, "seconds": 0.0, "optimiser": None, "average": None}
    model = Backdrop(vocabulary, end_id)
    if resume and path.exists():
        saved = torch.load(path, map_location="cpu")
        model = model if stage == "base" else model.add_control()
        model.load_state_dict(saved["model"])
        return prepared(model), {k: saved[k] for k in fresh}
    if stage == "refine":
        saved = torch.load(CHECKPOINT / "control.pt", map_location="cpu")
        model.add_control()
        checkpoint.require_fit(model.load_state_dict(saved["average"], strict=False), "control.pt")
        fresh |= {"steps_before": 0, "samples_before": saved["samples"], "average": saved["average"]}
    if stage == "control":
        saved = torch.load(CHECKPOINT / "base.pt", map_location="cpu")
        model.load_state_dict(saved["model"])
        model.add_control()
        fresh |= {"steps_before": saved["step"], "samples_before": saved["samples"], "average": saved["average"]}
    return prepared(model), fresh


def compiled(model):
    """torch.compile in place: a minute or two once, then steps take two thirds of the time."""
    for part in (model.unet, model.control):
        if part is not None:
            part.compile(dynamic=False)


def prepared(model):
    return model.to(DEVICE, memory_format=torch.channels_last).train()


def save(path, model, average, optimiser, state, step, batch, budget):
    checkpoint.write(path, {
        "model": model.state_dict(), "average": {**(state["average"] or {}), **average.state()}, "optimiser": optimiser.state_dict(), "step": step,
        "steps_before": state["steps_before"], "samples_before": state["samples_before"],
        "samples": step * batch + state["samples_before"], "seconds": budget.used})


if __name__ == "__main__":
    main()
