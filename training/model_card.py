"""The model card of models/mini, with numbers read from the training runs."""
import csv

from config import RUNS


def text():
    return CARD.replace("{numbers}", "\n".join(f"- {line}" for line in results()))


def results():
    """What the runs left: diffusion steps, samples and loss, latent space PSNR, depth error."""
    lines = [stage_line(name) for name in ("base", "control", "refine") if (RUNS / name / "loss.csv").exists()]
    lines[:0] = [STARTED_FROM] if (RUNS / "started-from-package").exists() else []
    for name in ("autoencoder", "depth_training"):
        path = RUNS / name / "result.txt"
        lines += [path.read_text().strip()] if path.exists() else []
    return lines or ["Training has not finished; these weights are for development."]


def stage_line(name):
    with (RUNS / name / "loss.csv").open() as f:
        rows = list(csv.DictReader(f))
    last = rows[-10:]
    loss = sum(float(r["loss"]) for r in last) / max(1, len(last))
    return (f"Stage `{name}`: {int(rows[-1]['step'])} steps, {int(rows[-1]['samples'])} samples, "
            f"{float(rows[-1]['seconds']) / 60:.0f} minutes on 2 CPU cores (compilation included), final velocity loss {loss:.3f}")


STARTED_FROM = ("Everything but the stages below is the third version's: 52,536 samples of the first and 107,328 of the stage `control` (257 minutes in all)")

CARD = """---
license: apache-2.0
---
# Backdrop Mini 256

A small product-background model, trained from nothing on one CPU, that exercises every part of the method: Patch Flexible
Visibility, linear token compression, the Mask Encoder Prompt Adapter, a two-channel depth ControlNet, a latent space, a
depth network and a tokenizer of its own. 256×256 px, fp16, under 60 MB.

## What it can do
- Take colour, brightness and material of a reference picture like its training renders, with parts of it hidden.
- Keep the reference's layout where the picture starts from the noised reference, as it does by default, and paint over what is hidden.
- React to the words of its captions, less than to the reference. Product pixels are pasted back unchanged.

## What it cannot do
- Photographs of people, text, brands, animals or anything that the renders lack; words outside the captions have no learned meaning.
- Fine structure: it saw few pictures for a short time. Expect soft tables, beaches and lights, not photographs.
- Compose a scene from the prompt alone reliably, or follow depth closely.
- Compose at sizes much different from 256×256 px. Where a reference gives the layout, and in a second pass over what it made from noise, it paints up to 512×512 px.

It is a working example and a test model. For real work install a large package (SDXL).

## Data
Only synthetic scenes, rendered by this repository's `training/render/` (procedural, nothing downloaded). No photographs, no
people, no third-party pictures or weights.

## Training
`training/README.md` has the recipe and the commands. Weights are exponential moving averages.

{numbers}
"""


if __name__ == "__main__":
    print(text())
