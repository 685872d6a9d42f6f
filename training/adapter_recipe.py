"""What training MEPA on a frozen model takes. `sdxl.json` holds the paper's numbers; (4.1) and so on name its sections."""
import json
from dataclasses import dataclass, fields

from mepa import FUSIONS


@dataclass(frozen=True)
class Recipe:
    seed: int
    steps: int  # of the optimiser; 1 M (4.1)
    batch: int  # samples a process and step: 8 on each of 8 GPUs (4.1)
    rate: float  # of AdamW, fixed: 1e-4 (4.1)
    weightDecay: float  # 0.01 (4.1)
    clipNorm: float  # of the gradient, over all trained weights; ours, the paper says nothing
    averageLimit: float  # decay of the running mean of the weights; ours
    precision: str  # of the frozen networks and the products: bfloat16 or float32; ours (the paper's V100s have no bfloat16)
    gradientCheckpointing: bool  # activations are computed twice instead of kept; ours
    compression: dict  # queries, inner, layers, heads of the resampler: IP-Adapter-plus for SDXL (R5)
    fusion: str  # query: Eq. 6
    side: int  # px; shortest side resized to 512, then the centre 512² (4.1)
    textOnly: float  # share of samples with no reference: 5 % (4.1). Read as D = 0, see pictures.py
    mask: float  # share of the references that are masked: 50 % (4.1)
    maskProduct: float  # share of those that lose the product itself, where its mask is known; others lose something random (4.1)
    dilationPx: int  # margin around a product that is hidden; ours
    tau: float  # τ of PFV as a share of a patch (3.2, R1)
    referenceAnother: float  # share of references that are another picture of the same group; the paper's are the picture itself
    dropCaption: float  # share without a caption; IP-Adapter's 5 %, the paper says nothing
    dropAll: float  # share with neither, for guidance; IP-Adapter's 5 %
    control: float  # share that the ControlNet takes part in; ours. 0 leaves it and the depth network out of memory


def read_recipe(path):
    """Checked: every field, no other, shares between 0 and 1."""
    given = json.loads(path.read_text())
    expected = {f.name for f in fields(Recipe)}
    if set(given) != expected:
        raise ValueError(f"{path}: missing {sorted(expected - set(given))}, unknown {sorted(set(given) - expected)}")
    recipe = Recipe(**given)
    shares = ("textOnly", "mask", "maskProduct", "tau", "referenceAnother", "dropCaption", "dropAll", "control")
    wrong = [f"{name}: expected 0 … 1, got {given[name]}" for name in shares if not 0 <= given[name] <= 1]
    if recipe.dropCaption + recipe.dropAll > 1:
        wrong.append("dropCaption and dropAll: expected at most 1 together")
    if recipe.fusion not in FUSIONS:
        wrong.append(f"fusion: expected one of {', '.join(FUSIONS)}, got {recipe.fusion}")
    if recipe.precision not in ("bfloat16", "float32"):
        wrong.append(f"precision: expected bfloat16 or float32, got {recipe.precision}")
    if wrong:
        raise ValueError(f"{path}: {'; '.join(wrong)}")
    return recipe
