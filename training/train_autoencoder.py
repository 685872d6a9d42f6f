"""Train the latent space: AutoencoderTiny on small crops, L1 + L2 + multi-scale edges (no pretrained perceptual loss)."""
import argparse

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny

from budget import Budget, LossLog
from config import CONFIG, DEVICE, RUNS, autocast, start
from data import load_scenes
from models import build_autoencoder

OUT = RUNS / "vae"
SETTINGS = CONFIG["training"]["autoencoder"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=SETTINGS["minutes"])
    parser.add_argument("--resume", action="store_true", help="go on from an earlier run's weights, both halves")
    parser.add_argument("--threads", type=int, default=CONFIG["threads"])
    args = parser.parse_args()
    start(threads=args.threads)
    scenes = load_scenes()
    model = (AutoencoderTiny.from_pretrained(OUT) if args.resume else build_autoencoder()).to(DEVICE, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=SETTINGS["rate"], weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    budget = Budget(args.minutes, SETTINGS["rate"], SETTINGS["warmupSteps"])
    log = LossLog(RUNS / "autoencoder" / "loss.csv", ["loss", "l1"], every=50)
    rng = np.random.default_rng(CONFIG["seed"])
    step = 0
    while not budget.done:
        budget.set_rate(optimiser, step)
        image = crops(scenes, rng).to(DEVICE)
        with autocast():
            loss, l1 = objective(model, image, halve=rng.random() < 0.2)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        log.add(step, budget.used, step * SETTINGS["batch"], (loss, l1))
        if step % 300 == 0:
            save(model, scenes, args.resume)
    save(model, scenes, args.resume, report=True)


def crops(scenes, rng):
    """Random mirrored square crops in [-1,1]: [B,3,crop,crop]."""
    side, size = scenes.images.shape[1], SETTINGS["crop"]
    picked = []
    for i in rng.choice(scenes.train, SETTINGS["batch"]):
        y, x = rng.integers(side - size + 1, size=2)
        crop = scenes.images[i, y:y + size, x:x + size]
        picked.append(crop.flip(1) if rng.random() < 0.5 else crop)
    return torch.stack(picked).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def objective(model, image, halve):
    """L1 + L2 + edges, with latents held near zero mean and unit variance and robust to noise.

    Noise on the latents makes the decoder forgive the diffusion model's errors. `halve` decodes a latent pooled by 2 against
    the picture pooled by 2: latents that stay meaningful when scaled are easier to generate (EQ-VAE, arXiv 2502.09509)."""
    latents = model.encode(image).latents.float()
    mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    statistics = mean.square().mean() + (std - 1).square().mean()
    if halve:
        latents, image = F.avg_pool2d(latents, 2), F.avg_pool2d(image, 2)
    latents = latents + SETTINGS["latentNoise"] * torch.randn_like(latents)
    decoded = model.decode(latents).sample.float()
    error = decoded - image
    return pixel_loss(error) + 0.02 * statistics, error.detach().abs().mean()


def pixel_loss(error):
    """L1 + L2 + edges + hue of error [B,3,H,W]."""
    return error.abs().mean() + error.square().mean() + 0.5 * edge_loss(error) + hue_loss(error)


def hue_loss(error):
    """Mean |error| of the two colour differences, averaged over 4×4 blocks. error [B,3,H,W] in RGB.

    Most of the pictures' variance is brightness and warmth (R − B). Without a term of its own the green-magenta axis, with a
    fifth of their variance, gets no latent channel, and pink comes out beige."""
    red, green, blue = F.avg_pool2d(error, 4).unbind(1)
    return (red - blue).abs().mean() + 3 * (green - (red + blue) / 2).abs().mean()


def edge_loss(error, scales=3):
    """Mean |∇error| at full, half and quarter resolution. error [B,C,H,W]."""
    total = 0.0
    for _ in range(scales):
        total = total + (error[..., 1:] - error[..., :-1]).abs().mean() + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
        error = F.avg_pool2d(error, 2)
    return total / scales


@torch.no_grad()
def save(model, scenes, keep_scale, report=False):
    """vae/ in diffusers layout, with scaling_factor = 1/std of the latents; PSNR on test pictures at full size."""
    sample = torch.stack([scenes.images[i] for i in scenes.train[:48]]).permute(0, 3, 1, 2).float().div(127.5).sub(1).to(DEVICE)
    latents = torch.cat([model.encode(x).latents for x in sample.split(8)])
    if not keep_scale:
        model.register_to_config(scaling_factor=1 / latents.std().item())
    model.save_pretrained(OUT)
    if report:
        held = scenes.test if len(scenes.test) else scenes.train
        print(f"latents: mean {latents.mean((0, 2, 3)).tolist()} std {latents.std((0, 2, 3)).tolist()}")
        result = f"PSNR of the latent space on {len(held)} held-out pictures: {psnr(model, scenes, held):.2f} dB"
        print(result)
        (RUNS / "autoencoder").mkdir(parents=True, exist_ok=True)
        (RUNS / "autoencoder" / "result.txt").write_text(result + "\n")


@torch.no_grad()
def psnr(model, scenes, index):
    """Mean over pictures of 10·log10(1/MSE), pictures in [0,1], decoder clamped."""
    values = []
    for part in np.array_split(index, max(1, len(index) // 8)):
        image = scenes.images[part].permute(0, 3, 1, 2).float().to(DEVICE) / 255
        decoded = model.decode(model.encode(image * 2 - 1).latents).sample.clamp(-1, 1) / 2 + 0.5
        values += (-10 * (decoded - image).square().mean((1, 2, 3)).log10()).tolist()
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
