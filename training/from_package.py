"""Fill training/runs with the shipped weights, so that training goes on from models/mini instead of from nothing.

The tokenizer, the latent space and the depth network are taken over as they are; the UNet, the text and vision encoders, the
compression and the adapter become `base.pt`, and with the ControlNet `control.pt`."""
import shutil

from safetensors.torch import load_file

import checkpoint
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
    write(model, "base")
    model.add_control()
    fit(model.control, "controlnet/diffusion_pytorch_model.safetensors")
    write(model, "control")
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters from {PACKAGE}")


def load(model):
    """Every tensor of the package but the ControlNet's into the model, by the names that export.py gave them."""
    fit(model.unet, "unet/diffusion_pytorch_model.safetensors", but="processor")
    load_adapter(model.unet, model.compression, tensors("ip_adapter.safetensors"))
    fit(model.text, "text_encoder/model.safetensors", prefix="text_model.")
    fit(model.vision.clip, "image_encoder/model.safetensors", prefix="vision_model.")


def fit(module, path, prefix="", but="position_ids"):
    values = {name.removeprefix(prefix): value for name, value in tensors(path).items()}
    checkpoint.require_fit(module.load_state_dict(values, strict=False), path, but)


def tensors(path):
    return {k: v.float() for k, v in load_file(PACKAGE / path).items()}


def write(model, stage):
    """A checkpoint of no steps, to go on from."""
    checkpoint.write(CHECKPOINT / f"{stage}.pt", {
        "model": model.state_dict(), "average": {n: p.detach() for n, p in model.named_parameters()}, "optimiser": None, "step": 0,
        "steps_before": 0, "samples_before": 0, "samples": 0, "seconds": 0.0})


if __name__ == "__main__":
    main()
