"""Train the depth network on rendered disparity: whole scenes, and cut-out products on a flat colour."""
import argparse

import numpy as np
import torch
import torch.nn.functional as F
from transformers import DepthAnythingForDepthEstimation

from budget import Budget, LossLog
from config import CONFIG, DEVICE, RUNS, autocast, start
from data import flip_some, load_scenes, pixels
from models import build_depth
from train_autoencoder import edge_loss

OUT = RUNS / "depth"
SETTINGS = CONFIG["training"]["depth"]
SIDE = CONFIG["depth"]["image"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=SETTINGS["minutes"])
    parser.add_argument("--resume", action="store_true", help="go on from the weights of an earlier run")
    parser.add_argument("--threads", type=int, default=CONFIG["threads"])
    args = parser.parse_args()
    start(threads=args.threads)
    scenes = load_scenes()
    model = DepthAnythingForDepthEstimation.from_pretrained(OUT) if args.resume else build_depth()
    model = model.to(DEVICE, memory_format=torch.channels_last).train()
    model.backbone.set_attn_implementation("eager")  # faster than the fused CPU kernel at 257 tokens
    optimiser = torch.optim.AdamW(model.parameters(), lr=SETTINGS["rate"], weight_decay=0.01, betas=(0.9, 0.99), fused=True)
    budget = Budget(args.minutes, SETTINGS["rate"], SETTINGS["warmupSteps"])
    log = LossLog(RUNS / "depth_training" / "loss.csv", ["loss"], every=20)
    rng = np.random.default_rng(CONFIG["seed"])
    step = 0
    while not budget.done:
        budget.set_rate(optimiser, step)
        image, disparity = (x.to(DEVICE) for x in make_batch(scenes, rng.choice(scenes.train, SETTINGS["batch"]), rng))
        with autocast():
            predicted = model(image).predicted_depth.float()
        error = (predicted - disparity)[:, None]
        loss = error.abs().mean() + 0.5 * edge_loss(error)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        log.add(step, budget.used, step * SETTINGS["batch"], (loss,))
        if step % 300 == 0:
            model.save_pretrained(OUT)
    model.save_pretrained(OUT)
    report(model, scenes)


def make_batch(scenes, index, rng):
    """Pixels [B,3,224,224] and disparity [B,224,224] in [0,1].

    A third are the product alone on a flat colour, with disparity 0 around it: that is what the request's product picture
    looks like. Gain and tint vary so that pictures from elsewhere are not too strange."""
    b = len(index)
    at = torch.from_numpy(index)
    flip = torch.from_numpy(rng.random(b) < 0.5)
    image, disparity, product = flip_some(flip, scenes.images[at], scenes.disparity[at], scenes.product[at])
    mask = product[:, None].float() / 255
    alone = torch.from_numpy(rng.random(b) < 1 / 3)[:, None, None, None].float()
    shown = 1 - alone * (1 - mask)
    gain = torch.from_numpy(rng.uniform(0.75, 1.25, (b, 3, 1, 1)).astype(np.float32))
    colour = torch.from_numpy(rng.uniform(0.55, 1, (b, 3, 1, 1)).astype(np.float32))
    rgb = (image.permute(0, 3, 1, 2).float() / 255 * gain).clamp(0, 1) * shown + colour * (1 - shown)
    both = resize(torch.cat([rgb, disparity[:, None].float() / 255 * shown], 1))
    return normalise(both[:, :3]), both[:, 3]


def resize(x):
    return F.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)


def normalise(rgb):
    return (rgb - torch.tensor(CONFIG["mean"]).view(1, 3, 1, 1)) / torch.tensor(CONFIG["std"]).view(1, 3, 1, 1)


@torch.no_grad()
def report(model, scenes):
    """Mean absolute disparity error on held-out scenes (disparity in [0,1]), raw and after the best scale and shift."""
    raw, aligned = [], []
    held = scenes.test if len(scenes.test) else scenes.train
    for part in np.array_split(held, max(1, len(held) // 8)):
        truth = resize(scenes.disparity[part][:, None].float() / 255)[:, 0]
        found = model(resize(pixels(scenes.images[part])).to(DEVICE)).predicted_depth.cpu()
        for t, f in zip(truth, found):
            raw.append((f - t).abs().mean().item())
            system = torch.stack([f.flatten(), torch.ones(f.numel())], 1)
            fit = torch.linalg.lstsq(system, t.flatten()[:, None]).solution
            aligned.append((system @ fit - t.flatten()[:, None]).abs().mean().item())
    result = (f"Depth on {len(held)} held-out scenes: mean absolute disparity error {np.mean(raw):.3f}, "
              f"{np.mean(aligned):.3f} after the best scale and shift (disparity in 0…1)")
    print(result)
    (RUNS / "depth_training" / "result.txt").write_text(result + "\n")


if __name__ == "__main__":
    main()
