"""Checkpoints on disk."""
import os

import torch


def require_fit(result, name, but="position_ids"):
    """result: of load_state_dict(…, strict=False); raises unless it took everything and lacks nothing whose name is without `but`."""
    missing = [k for k in result.missing_keys if but not in k]
    if missing or result.unexpected_keys:
        raise RuntimeError(f"{name} does not fit config.json: missing {missing[:3]}, unexpected {result.unexpected_keys[:3]}; "
                           "was it trained with this one?")


def write(path, state):
    """Written beside and renamed, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)
