"""The decoder alone, last of all: it learns to draw texture, and to draw it from what the diffusion model samples.

Errors of pixels alone teach a decoder to blur whatever the latents do not say: grain, fibres, the edge of a board. So a critic
asks for pictures that look rendered (VQGAN, arXiv 2012.09841, without its pretrained perceptual loss: the critic's own features stand in).
And a small diffusion model leaves errors that a decoder of clean latents shows as mottled texture: a part of the latents are the model's own
samples, from scenes noised as a job at the default strength noises its reference. The encoder stays, so latents stay what they are."""
import argparse

import numpy as np
import torch
from diffusers import AutoencoderTiny

import train_tokenizer
from average import Average
from budget import Budget, LossLog
from config import CONFIG, DEVICE, RUNS, autocast, start
from critic import Critic, critic_loss, feature_distance
from data import load_scenes, pixels
from sample import as_in_a_job, generate, load_average
from train_autoencoder import OUT, pixel_loss, save
from train_diffusion import encoded
from widen import widened

STRIDE = 8
SETTINGS = CONFIG["training"]["decoder"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=SETTINGS["minutes"])
    parser.add_argument("--samples", type=int, default=SETTINGS["samples"], help="of the diffusion model; 0 trains on the encoder's latents alone")
    parser.add_argument("--resume", action="store_true", help="the critic is there already: no time without it")
    parser.add_argument("--threads", type=int, default=CONFIG["threads"])
    args = parser.parse_args()
    start(threads=args.threads)
    scenes = load_scenes()
    latents = encoded(scenes)
    rng = np.random.default_rng(CONFIG["seed"])
    sources = sampled(scenes, latents, args.samples, rng) if args.samples else []
    train(scenes, latents, sources, args, rng)


def train(scenes, latents, sources, args, rng):
    model = widened(AutoencoderTiny.from_pretrained(OUT), CONFIG["vae"]).to(DEVICE, memory_format=torch.channels_last)
    model.encoder.requires_grad_(False)
    critic = Critic().to(DEVICE, memory_format=torch.channels_last)
    if args.resume:
        critic.load_state_dict(torch.load(RUNS / "critic.pt", map_location=DEVICE))
    optimiser = torch.optim.AdamW(model.decoder.parameters(), lr=0, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    judge = torch.optim.AdamW(critic.parameters(), lr=SETTINGS["criticRate"], weight_decay=0.0, betas=(0.5, 0.99), fused=True)
    average = Average(model, limit=SETTINGS["average"])
    budget = Budget(args.minutes, SETTINGS["rate"], SETTINGS["warmupSteps"], SETTINGS["rate"] * 0.1)
    log = LossLog(RUNS / "decoder" / "loss.csv", ["pixels", "features", "critic", "weight"], every=50)
    last = model.decoder.layers[-1].weight
    step = 0
    while not budget.done:
        budget.set_rate(optimiser, step)
        told, image, sure = (part.to(DEVICE) for part in crops(scenes, latents, sources, rng))
        decoded = decode(model, told)
        error = pixel_loss((decoded - image) * sure)
        wrong = judged(critic, judge, image, decoded.detach(), told)
        if not args.resume and budget.used < SETTINGS["alone"] * budget.seconds:
            error.backward()
            features = weight = torch.zeros(())
        else:
            features, weight = adversarial(critic, image, decoded, told, error, last)
        torch.nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        average.update(step)
        log.add(step, budget.used, step * SETTINGS["batch"], (error, features, wrong, weight))
        if step % 1000 == 0:
            finish(model, critic, average, scenes, report=False)
    finish(model, critic, average, scenes, report=True)


def decode(model, latents):
    with autocast():
        return model.decode(latents / model.config.scaling_factor).sample.float()


def judged(critic, judge, image, decoded, latents):
    """One step of the critic -> its loss."""
    with autocast():
        real, _ = critic(image, latents)
        fake, _ = critic(decoded, latents)
    loss = critic_loss(real.float(), fake.float())
    loss.backward()
    judge.step()
    judge.zero_grad()
    return loss.detach()


def adversarial(critic, image, decoded, latents, error, last):
    """Backward through the error of pixels + features + the critic's opinion, weighed by its gradient at the last layer (VQGAN, Eq. 7)."""
    critic.requires_grad_(False)
    with autocast():
        with torch.no_grad():
            _, wanted = critic(image, latents)
        score, found = critic(decoded, latents)
    features, opinion = feature_distance(wanted, found), -score.float().mean()
    of_error, of_opinion = (torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (error, opinion))
    weight = (SETTINGS["opinion"] * of_error / (of_opinion + 1e-6)).clamp(max=SETTINGS["mostOpinion"]).detach()
    (error + SETTINGS["features"] * features + weight * opinion).backward()
    critic.requires_grad_(True)
    return features.detach(), weight


@torch.no_grad()
def finish(model, critic, average, scenes, report):
    torch.save(critic.state_dict(), RUNS / "critic.pt")
    current = {name: value.detach().clone() for name, value in model.named_parameters()}
    model.load_state_dict(average.state(), strict=False)
    save(model, scenes, keep_scale=True, report=report)
    model.load_state_dict(current, strict=False)


@torch.no_grad()
def sampled(scenes, latents, count, rng):
    """[(scene, latents [4,32,32])], none of them mirrored: training scenes noised as a job of the default strength noises its reference, and
    sampled from there as a job samples."""
    tokenizer = train_tokenizer.load()
    model = load_average("refine", tokenizer)
    job = argparse.Namespace(steps=SETTINGS["steps"], strength=SETTINGS["strength"], guidance=SETTINGS["guidance"])
    found = []
    while len(found) < count:
        index = rng.choice(scenes.train, SETTINGS["sampleBatch"])
        ids, source, keep, control = as_in_a_job(scenes, index, tokenizer)
        result = generate(model, tokenizer, ids, pixels(scenes.images[source]), keep, "query", control, job, latents[0][index], len(found))
        found += zip(index.tolist(), result)
    print(f"sampled {len(found)} latents", flush=True)
    return found


def crops(scenes, latents, sources, rng):
    """Square crops: scaled latents [B,4,c/8,c/8], pictures in [-1,1] [B,3,c,c], and how surely one tells the other [B,1,1,1]."""
    side, size = latents.shape[-1], SETTINGS["crop"] // STRIDE
    told, pictures, sure = [], [], []
    for _ in range(SETTINGS["batch"]):
        if sources and rng.random() < SETTINGS["sampledShare"]:
            scene, source = sources[rng.integers(len(sources))]
            flip = False
            sure.append(SETTINGS["sureOfSamples"])
        else:
            scene, flip = rng.choice(scenes.train), rng.random() < 0.5
            clean = latents[int(flip), scene]
            source = clean + rng.random() * SETTINGS["latentNoise"] * torch.randn_like(clean)
            sure.append(1.0)
        y, x = rng.integers(side - size + 1, size=2)
        image = scenes.images[scene].flip(1) if flip else scenes.images[scene]
        told.append(source[:, y:y + size, x:x + size])
        pictures.append(image[y * STRIDE:(y + size) * STRIDE, x * STRIDE:(x + size) * STRIDE])
    picture = torch.stack(pictures).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    return torch.stack(told), picture, torch.tensor(sure).view(-1, 1, 1, 1)


if __name__ == "__main__":
    main()
