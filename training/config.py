"""The recipe (config.json), the folders, and the run's random seed."""
import json
import os
import random
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent
CONFIG = json.loads((ROOT / "config.json").read_text())
DATA = Path(os.environ.get("BACKDROP_DATA", ROOT / "data"))
RENDERS = DATA / "renders"
CACHE = DATA / "cache"
RUNS = Path(os.environ.get("BACKDROP_RUNS", ROOT / "runs"))
PACKAGE = ROOT.parent / "models" / "mini"
SAMPLES = RUNS / "samples"
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")  # where networks live; scenes stay in main memory


def autocast():
    """bfloat16 where it is safe, on whichever device trains."""
    return torch.autocast(DEVICE.type, dtype=torch.bfloat16)


def start(seed=CONFIG["seed"], threads=CONFIG["threads"]):
    """Fix the seeds, set the CPU threads, make the folders."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    for folder in (CACHE, RUNS, SAMPLES):
        folder.mkdir(parents=True, exist_ok=True)
