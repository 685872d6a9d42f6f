"""Write models/mini: fp16 safetensors of the averaged weights, configs, tokenizer, scheduler, backdrop.json and a model card.

Parts that have not been trained yet are written with their initial weights, so that the package is loadable at any time."""
import argparse
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file
from transformers import DepthAnythingForDepthEstimation

import checkpoint
import model_card
import train_tokenizer
from adapter import adapter_state
from config import CONFIG, PACKAGE, RUNS, start
from data import load_scenes
from models import Backdrop, build_autoencoder, build_depth, build_scheduler
from train_diffusion import CHECKPOINT, STAGES

LIMIT_BYTES = 60_000_000
# A repository with every version of the weights in its history stays small, since zeros compress.
MANTISSA_BITS = 6
# Tensors that transformers creates and the network never uses.
UNUSED = ("backbone.embeddings.mask_token", "neck.fusion_stage.layers.0.residual_layer1.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=["none", *STAGES], default="refine")
    parser.add_argument("--out", type=Path, default=PACKAGE)
    args = parser.parse_args()
    start()
    scenes = load_scenes()
    part = Path(tempfile.mkdtemp(prefix="mini-", dir=args.out.parent))
    write(part, args.stage, scenes)
    install(part, args.out)


@torch.no_grad()
def write(out, stage, scenes):
    tokenizer = train_tokenizer.load()
    train_tokenizer.save(tokenizer, out / "tokenizer")
    model = averaged(stage, tokenizer)
    vae = AutoencoderTiny.from_pretrained(RUNS / "vae") if (RUNS / "vae").exists() else build_autoencoder()
    depth = DepthAnythingForDepthEstimation.from_pretrained(RUNS / "depth") if (RUNS / "depth").exists() else build_depth()

    unet = model.unet.state_dict()
    write_module(out / "unet", {k: v for k, v in unet.items() if "processor" not in k})
    model.unet.save_config(out / "unet")
    write_module(out / "controlnet", model.control.state_dict())
    model.control.save_config(out / "controlnet")
    write_module(out / "vae", vae.state_dict())
    vae.save_config(out / "vae")
    write_prefixed(out / "text_encoder", "text_model.", model.text)
    write_prefixed(out / "image_encoder", "vision_model.", model.vision.clip)
    write_depth(out / "depth", depth)
    save_file(half(adapter_state(model.unet, model.compression)), out / "ip_adapter.safetensors", metadata={"format": "pt"})
    build_scheduler().save_config(out / "scheduler")
    for path in out.glob("*/config.json"):
        drop_local_path(path)
    (out / "README.md").write_text(model_card.text())
    describe(out, latent_rgb(vae, scenes))


def averaged(stage, tokenizer):
    """The averaged weights; without a ControlNet one is added whose output is zero."""
    model = Backdrop(tokenizer.get_vocab_size(), tokenizer.token_to_id(train_tokenizer.END))
    if stage == "none":
        return model.add_control()
    average = torch.load(CHECKPOINT / f"{stage}.pt", map_location="cpu")["average"]
    if stage != "base":
        model.add_control()
    checkpoint.require_fit(model.load_state_dict(average, strict=False), f"{stage}.pt")
    return model if stage != "base" else model.add_control()


def half(state):
    return {k: rounded(v.detach(), MANTISSA_BITS).contiguous() for k, v in state.items()}


def rounded(value, bits):
    """float16 with the last of its 10 mantissa bits rounded to zero, half away from it: what they cost is in training/README.md."""
    if not value.is_floating_point():
        return value
    stored = value.to(torch.float16).view(torch.int16)
    drop = 10 - bits
    kept = stored if drop == 0 else ((stored + (1 << (drop - 1))) >> drop) << drop  # the sign is the highest bit and stays
    return kept.view(torch.float16)


def write_module(folder, state):
    folder.mkdir(parents=True, exist_ok=True)
    save_file(half(state), folder / "diffusion_pytorch_model.safetensors", metadata={"format": "pt"})


def write_prefixed(folder, prefix, module):
    """Public checkpoints keep the `text_model.` / `vision_model.` prefix, so ours does too."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {prefix + k: v for k, v in module.state_dict().items() if "position_ids" not in k}
    save_file(half(state), folder / "model.safetensors", metadata={"format": "pt"})
    module.config.save_pretrained(folder)


def write_depth(folder, depth):
    """Saved by transformers first, which writes the key names of the public checkpoints."""
    depth.save_pretrained(folder)
    state = load_file(folder / "model.safetensors")
    save_file(half({k: v for k, v in state.items() if not k.startswith(UNUSED)}), folder / "model.safetensors",
              metadata={"format": "pt"})


def drop_local_path(path):
    """Configs of reloaded parts remember the folder they came from; the package does not."""
    config = json.loads(path.read_text())
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2) + "\n")


def latent_rgb(vae, scenes):
    """Least squares from scaled latents to RGB in [-1,1] at 32×32: factors [4][3], bias [3]."""
    index = scenes.train[:: max(1, len(scenes.train) // 64)]
    image = scenes.images[index].permute(0, 3, 1, 2).float() / 127.5 - 1
    latents = torch.cat([vae.encode(x).latents for x in image.split(8)]) * vae.config.scaling_factor
    rgb = torch.nn.functional.avg_pool2d(image, 8).permute(0, 2, 3, 1).reshape(-1, 3)
    flat = latents.permute(0, 2, 3, 1).reshape(-1, 4)
    system = torch.cat([flat, torch.ones(len(flat), 1)], 1)
    solution = torch.linalg.lstsq(system, rgb).solution
    rounded = [[round(v, 4) for v in row] for row in solution.tolist()]
    return {"factors": rounded[:4], "bias": rounded[4]}


def describe(out, rgb):
    """backdrop.json: what the runtime needs beyond the configs, and the size and digest of every file."""
    files = [{"path": p.relative_to(out).as_posix(), "sizeBytes": p.stat().st_size, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
             for p in sorted(out.rglob("*")) if p.is_file() and p.suffix != ".md"]  # the card may be edited
    total = sum(f["sizeBytes"] for f in files)
    if total > LIMIT_BYTES:
        raise RuntimeError(f"models/mini: expected at most {LIMIT_BYTES} bytes, got {total}; shrink the UNet in config.json")
    vision, depth = CONFIG["image_encoder"], CONFIG["depth"]
    description = {
        "schemaVersion": 1, "name": "mini", "title": "Backdrop Mini 256", "licence": "Apache-2.0",
        "purpose": "Comes with Backdrop: small and fast, so its pictures are soft, and it keeps to the reference more than to the prompt.",
        "architecture": "sd",
        "pixelArea": CONFIG["image"] ** 2, "layoutPixelArea": 4 * CONFIG["image"] ** 2, "layoutNoise": "blue", "refineStrength": 0.4, "sideMultiple": 32, "latentRgb": rgb,
        "vision": {"imageSize": vision["image_size"], "patchSize": vision["patch_size"], "droppedPatches": "exclude",
                   "hiddenState": "last", "mean": CONFIG["mean"], "std": CONFIG["std"]},
        "text": {"maxTokens": CONFIG["maxTokens"], "hiddenState": "last_normed"},
        "tokenCompression": "linear", "fusion": "query", "strength": 0.2, "guidance": 3,
        "depth": {"imageSize": depth["image"], "mean": CONFIG["mean"], "std": CONFIG["std"], "scale": "unit",
                  "conditioning": "stacked", "isStandIn": True},
        "guidanceRescale": 0.7, "unconditionalText": "encode", "files": files,
    }
    (out / "backdrop.json").write_text(json.dumps(description, indent=2) + "\n")
    print(f"{len(files)} files, {total / 1e6:.1f} MB")


def install(part, out):
    """Replace file by file, backdrop.json last; graphs compiled from earlier weights go, since offsets may have changed."""
    out.mkdir(parents=True, exist_ok=True)
    for stale in [*out.glob("*.onnx"), out / "compiled.json"]:
        stale.unlink(missing_ok=True)
    for path in sorted(part.rglob("*"), key=lambda p: p.name == "backdrop.json"):
        if path.is_file():
            target = out / path.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
            os.chmod(target, 0o644)
    shutil.rmtree(part)


if __name__ == "__main__":
    main()
