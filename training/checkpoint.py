"""Checkpoints on disk."""
import os

import torch


def write(path, state):
    """Written beside and renamed, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)
