"""Teach the decoder to forgive: it learns to decode what the diffusion model predicts, not only what the encoder wrote.

A small diffusion model leaves errors in its latents that a decoder of clean latents shows as mottled texture. Here the decoder
(the encoder stays, so latents stay what they are) sees one-step predictions of x₀ from noised training scenes beside the true
latents, and learns to draw the scene from either. Runs after the diffusion stage."""
import argparse

import numpy as np
import torch
from diffusers import AutoencoderTiny

import train_tokenizer
from budget import Budget, LossLog
from conditions import make_batch
from config import CONFIG, DEVICE, RUNS, autocast, start
from data import load_scenes
from estimate_depth import estimated_depth
from models import build_scheduler
from sample import load_average
from train_autoencoder import OUT, SETTINGS, edge_loss, hue_loss, save
from train_diffusion import encoded

STRIDE = 8
# Where a picture's finished parts still change: from here on, the quiet end, errors stay.
TIMESTEPS = (20, 450)
BATCH = 32


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="predictions of each scene, at different timesteps")
    args = parser.parse_args()
    start()
    scenes = load_scenes()
    latents = encoded(scenes)
    rng = np.random.default_rng(CONFIG["seed"])
    predictions = predict(scenes, latents, args.rounds, rng)
    model = AutoencoderTiny.from_pretrained(OUT).to(DEVICE, memory_format=torch.channels_last)
    model.encoder.requires_grad_(False)
    optimiser = torch.optim.AdamW(model.decoder.parameters(), lr=SETTINGS["rate"] / 2, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    budget = Budget(args.minutes, SETTINGS["rate"] / 2, SETTINGS["warmupSteps"])
    log = LossLog(RUNS / "forgiving_decoder" / "loss.csv", ["loss"], every=50)
    step = 0
    while not budget.done:
        budget.set_rate(optimiser, step)
        sources, image = crops(scenes, latents, predictions, rng)
        with autocast():
            error = model.decode((sources / model.config.scaling_factor).to(DEVICE)).sample.float() - image.to(DEVICE)
            loss = error.abs().mean() + error.square().mean() + 0.5 * edge_loss(error) + hue_loss(error)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        log.add(step, budget.used, step * SETTINGS["batch"], (loss,))
    save(model, scenes, keep_scale=True, report=True)


@torch.no_grad()
def predict(scenes, latents, rounds, rng):
    """[(scene, mirrored or not, predicted x₀ [4,32,32])]: x_t of a training scene, one prediction, x₀ = α·x_t − σ·v."""
    tokenizer = train_tokenizer.load()
    model = load_average("control", tokenizer).to(DEVICE)
    captions = torch.tensor([train_tokenizer.encode(tokenizer, r["captions"]) for r in scenes.records])
    empty = torch.tensor(train_tokenizer.encode(tokenizer, [""])[0])
    depths, alphas = estimated_depth(scenes), build_scheduler().alphas_cumprod.to(DEVICE)
    found = []
    for _ in range(rounds):
        for index in np.array_split(rng.permutation(scenes.train), len(scenes.train) // BATCH):
            batch = make_batch(scenes, latents, depths, captions, empty, index, rng).to(DEVICE)
            timestep = torch.from_numpy(rng.integers(*TIMESTEPS, len(index))).to(DEVICE)
            a, s = alphas[timestep].sqrt().view(-1, 1, 1, 1), (1 - alphas[timestep]).sqrt().view(-1, 1, 1, 1)
            noisy = a * batch.latents + s * torch.randn_like(batch.latents)
            with autocast():
                velocity = model(batch, noisy, timestep).float()
            found += zip(index.tolist(), batch.flip.tolist(), (a * noisy - s * velocity).cpu())
    return found


def crops(scenes, latents, predictions, rng):
    """Square crops, half of them of true latents with a little noise: latents [B,4,c/8,c/8], pictures in [-1,1] [B,3,c,c]."""
    side, size = latents.shape[-1], SETTINGS["crop"] // STRIDE
    sources, pictures = [], []
    for i in rng.integers(len(predictions), size=SETTINGS["batch"]):
        scene, flip, predicted = predictions[i]
        source = predicted
        if rng.random() < 0.5:
            source = latents[int(flip), scene] + SETTINGS["latentNoise"] * torch.randn_like(predicted)
        y, x = rng.integers(side - size + 1, size=2)
        image = scenes.images[scene].flip(1) if flip else scenes.images[scene]
        sources.append(source[:, y:y + size, x:x + size])
        pictures.append(image[y * STRIDE:(y + size) * STRIDE, x * STRIDE:(x + size) * STRIDE])
    return torch.stack(sources), torch.stack(pictures).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


if __name__ == "__main__":
    main()
