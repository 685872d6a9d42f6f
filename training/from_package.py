"""Fill training/runs with the shipped weights, so that training goes on from models/mini instead of from nothing.

The tokenizer, the latent space and the depth network are taken over as they are; the UNet, the text and vision encoders, the
compression and the adapter become `base.pt`, and with the ControlNet `control.pt`."""
import shutil

import torch
from safetensors.torch import load_file

import train_tokenizer
from adapter import load_adapter
from config import PACKAGE, RUNS, start
from models import Backdrop
from train_diffusion import CHECKPOINT


def main():
    start()
    for name, config in (("vae", "vae"), ("depth", "depth"), ("tokenizer", "tokenizer")):
        shutil.copytree(PACKAGE / config, RUNS / name, dirs_exist_ok=True)
    for name in ("tokenizer", "autoencoder", "depth", "base", "control"):
        (RUNS / f"{name}.done").touch()
    (RUNS / "started-from-package").touch()
    tokenizer = train_tokenizer.load()
    model = Backdrop(tokenizer.get_vocab_size(), tokenizer.token_to_id(train_tokenizer.END))
    load(model)
    CHECKPOINT.mkdir(parents=True, exist_ok=True)
    write(model, "base")
    model.add_control()
    check(model.control.load_state_dict(tensors("controlnet/diffusion_pytorch_model.safetensors"), strict=False))
    write(model, "control")
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters from {PACKAGE}")


def load(model):
    """Every tensor of the package but the ControlNet's into the model, by the names that export.py gave them."""
    check(model.unet.load_state_dict(tensors("unet/diffusion_pytorch_model.safetensors"), strict=False), but="processor")
    load_adapter(model.unet, model.compression, tensors("ip_adapter.safetensors"))
    for module, path, prefix in ((model.text, "text_encoder", "text_model."), (model.vision.clip, "image_encoder", "vision_model.")):
        check(module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors(f"{path}/model.safetensors").items()}, strict=False))


def tensors(path):
    return {k: v.float() for k, v in load_file(PACKAGE / path).items()}


def write(model, stage):
    """A checkpoint of no steps, to go on from."""
    torch.save({"model": model.state_dict(), "average": {n: p.detach() for n, p in model.named_parameters()}, "optimiser": None,
                "step": 0, "steps_before": 0, "samples_before": 0, "samples": 0, "seconds": 0.0}, CHECKPOINT / f"{stage}.pt")


def check(result, but="position_ids"):
    missing = [k for k in result.missing_keys if but not in k]
    if missing or result.unexpected_keys:
        raise RuntimeError(f"models/mini does not fit config.json: missing {missing[:3]}, unexpected {result.unexpected_keys[:3]}")


if __name__ == "__main__":
    main()
