"""The processes of a run: one a GPU, as torchrun and `accelerate launch` start them; a script started plainly is alone."""
import os
from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class Process:
    rank: int
    world: int
    device: torch.device

    @property
    def first(self):
        """The one that writes files."""
        return self.rank == 0

    def mean(self, value):
        """Mean over all processes of a scalar tensor."""
        if self.world == 1:
            return value
        value = value.clone()
        dist.all_reduce(value)
        return value / self.world


def join():
    """This process among those that were started with it: NCCL between GPUs, gloo between CPUs."""
    local = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return Process(0, 1, device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Process(dist.get_rank(), dist.get_world_size(), device)


def leave(process):
    if process.world > 1:
        dist.barrier()
        dist.destroy_process_group()
