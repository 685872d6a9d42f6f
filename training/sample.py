"""Generate held-out scenes from a checkpoint and draw a contact sheet, to look at while training goes on."""
import argparse

import numpy as np
import torch
from diffusers import AutoencoderTiny
from PIL import Image

import mepa
import train_tokenizer
from conditions import dilate
from config import CONFIG, RUNS, SAMPLES, start
from data import load_scenes, pixels
from estimate_depth import estimated_depth
from models import Backdrop, build_scheduler
from paint_over import paint_over
from train_diffusion import CHECKPOINT
from vision import patch_visibility

COLUMNS = ["scene", "reference", "query", "text", "no depth"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="refine")
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--strength", type=float, default=1.0, help="R9: below 1 the picture starts from the noised reference")
    parser.add_argument("--split", default="test")
    parser.add_argument("--threads", type=int, default=CONFIG["threads"])
    parser.add_argument("--out", default=str(SAMPLES / "sheet.png"))
    args = parser.parse_args()
    start(threads=args.threads)
    scenes = load_scenes()
    index = scenes.test if args.split == "test" and len(scenes.test) else scenes.train
    index = index[np.linspace(0, len(index) - 1, args.rows).astype(int)]
    tokenizer = train_tokenizer.load()
    model = load_average(args.stage, tokenizer)
    vae = AutoencoderTiny.from_pretrained(RUNS / "vae")
    sheet(scenes, index, model, vae, tokenizer, args).save(args.out)
    for i in index:
        print(i, scenes.records[i]["captions"][0])


def load_average(stage, tokenizer):
    """The averaged weights of a stage's checkpoint."""
    saved = torch.load(CHECKPOINT / f"{stage}.pt", map_location="cpu")
    model = Backdrop(tokenizer.get_vocab_size(), tokenizer.token_to_id(train_tokenizer.END))
    if any(k.startswith("control.") for k in saved["average"]):
        model.add_control()
    model.load_state_dict(saved["average"], strict=False)
    print(f"{stage}: step {saved['steps_before'] + saved['step']}, {saved['samples']} samples, {saved['seconds'] / 60:.1f} min")
    return model.eval()


@torch.no_grad()
def sheet(scenes, index, model, vae, tokenizer, args):
    """Rows: scenes. Columns: the scene, what is visible of the reference, then generated pictures with the product pasted."""
    ids, source, keep, both = as_in_a_job(scenes, index, tokenizer)
    product = scenes.product[index][:, None].float() / 255
    alone = torch.cat([both[:, :1], both[:, 1:] * 0], 1)
    original = scenes.images[index].permute(0, 3, 1, 2).float() / 255
    shown = scenes.images[source].permute(0, 3, 1, 2).float() / 255 * keep
    columns = [original, shown]
    # R9 as in the engine: below strength 1 the start is the reference, its hidden part painted over, with the product on top.
    painted = paint_over(scenes.images[source].permute(0, 3, 1, 2).float() / 255, keep)
    begin = vae.encode((painted * (1 - product) + original * product) * 2 - 1).latents * vae.config.scaling_factor
    for fusion, control, prompt_keep in (("query", both, keep), ("query", alone, keep * 0), ("query", None, keep)):
        latents = generate(model, tokenizer, ids, pixels(scenes.images[source]), prompt_keep, fusion, control, args, begin)
        image = vae.decode(latents / vae.config.scaling_factor).sample.clamp(-1, 1) / 2 + 0.5
        columns.append(image if control is None else image * (1 - product) + original * product)
    rows = torch.cat(columns, 3).permute(0, 2, 3, 1).flatten(0, 1)
    return Image.fromarray((rows * 255).round().byte().numpy())


def as_in_a_job(scenes, index, tokenizer):
    """What a job with each scene's product and another picture of its style would be given: caption ids [B,L], the other scenes [B],
    D without their products [B,1,256,256], and the control picture [B,2,256,256]."""
    ids = torch.tensor(train_tokenizer.encode(tokenizer, [scenes.records[i]["captions"][0] for i in index]))
    source = np.array([scenes.siblings[i][0] if scenes.siblings[i] else i for i in index])
    keep = 1 - dilate(scenes.product[source][:, None] > 127)
    product = scenes.product[index][:, None].float() / 255
    layouts, reliefs = estimated_depth(scenes)
    relief = reliefs[index][:, None].float() / 255 * product
    layout = layouts[source][:, None].float() / 255 * keep * (1 - product)
    return ids, source, keep, torch.cat([relief, layout], 1)


def generate(model, tokenizer, ids, reference, keep, fusion, control, args, begin, seed=1):
    """DDIM with guidance and rescaled guidance (arXiv 2305.08891, φ = 0.7) -> scaled latents [B,4,32,32]."""
    b = len(ids)
    empty = torch.tensor(train_tokenizer.encode(tokenizer, [""])).expand(b, -1)
    hidden_states = model.text(torch.cat([empty, ids])).last_hidden_state
    visible = patch_visibility(keep, 16, 0.1)
    tokens = torch.cat([model.image_tokens(torch.zeros_like(reference), torch.ones_like(visible)),
                        model.image_tokens(reference, visible)])
    *gates, scale = mepa.FUSIONS[fusion]
    mask = torch.nn.functional.avg_pool2d(keep, 8).repeat(2, 1, 1, 1)
    masks = mepa.mask_pyramid(mask, torch.tensor([gates], dtype=torch.float32).repeat(2 * b, 1), torch.full((2 * b,), float(scale)))
    scheduler = build_scheduler()
    scheduler.set_timesteps(args.steps)
    timesteps = scheduler.timesteps[args.steps - round(args.steps * args.strength):]
    noise = torch.randn(b, 4, 32, 32, generator=torch.Generator().manual_seed(seed))
    latents = scheduler.add_noise(begin, noise, timesteps[:1].expand(b)) if args.strength < 1 else noise
    doubled = None if control is None else torch.cat([control, control])
    for t in timesteps:
        with torch.autocast("cpu", dtype=torch.bfloat16):  # a look needs no GPU
            both = model.predict(torch.cat([latents, latents]), t, hidden_states, tokens, masks, doubled).float()
        without, given = both.chunk(2)
        guided = without + args.guidance * (given - without)
        matched = guided * given.std((1, 2, 3), keepdim=True) / guided.std((1, 2, 3), keepdim=True)
        latents = scheduler.step(0.7 * matched + 0.3 * guided, t, latents).prev_sample
    return latents


if __name__ == "__main__":
    main()
