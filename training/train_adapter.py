"""Train MEPA on a frozen SDXL package by Eq. 7, as the paper does (3.3, 4.1); `sdxl.json` holds its numbers.

One process:    python training/train_adapter.py --package models/sdxl --data DIR --out training/runs/sdxl
Several GPUs:   torchrun --nproc_per_node 8 training/train_adapter.py …   or   accelerate launch --multi_gpu --num_processes 8 …
"""
import argparse
import contextlib
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn.parallel import DistributedDataParallel

import checkpoint
import objective
import processes
from adapter import load_adapter
from adapter_recipe import read_recipe
from average import Average
from budget import LossLog
from frozen import Frozen, ImageBranch
from pictures import Pictures, places


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, required=True, help="folder of an SDXL model package")
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures; pictures.py describes it")
    parser.add_argument("--out", type=Path, required=True, help="folder for adapter.pt and loss.csv")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).with_name("sdxl.json"))
    parser.add_argument("--steps", type=int, help="stop after this many steps in all, instead of the recipe's")
    parser.add_argument("--accumulate", type=int, default=1, help="batches a step and process: 4 on 2 GPUs make up 8 GPUs")
    parser.add_argument("--start-from", type=Path, help="an ip_adapter.safetensors to go on from, instead of W_kt and W_vt (3.3)")
    parser.add_argument("--resume", action="store_true", help="go on from the run's adapter.pt, if there is one")
    parser.add_argument("--workers", type=int, default=4, help="processes that read pictures, for each GPU")
    parser.add_argument("--threads", type=int, help="CPU threads of each process")
    parser.add_argument("--save-every", type=int, default=1000)
    parser.add_argument("--log-every", type=int, default=10)
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    process = processes.join()
    train(args, read_recipe(args.recipe), process)
    processes.leave(process)


def train(args, recipe, process):
    torch.manual_seed(recipe.seed)  # the same on every process: a fresh compression starts equal everywhere
    dtype = getattr(torch, recipe.precision)
    frozen = Frozen(args.package, dtype, process.device, recipe.control > 0)
    branch = ImageBranch(args.package, recipe.compression, dtype, recipe.gradientCheckpointing).to(process.device)
    if args.start_from:
        load_adapter(branch.unet, branch.compression, load_file(args.start_from))
    trained = {name: p for name, p in branch.named_parameters() if p.requires_grad}
    optimiser = torch.optim.AdamW(trained.values(), lr=recipe.rate, weight_decay=recipe.weightDecay, fused=True)
    path = args.out / "adapter.pt"
    state = restore(path, trained, optimiser) if args.resume and path.exists() else {"step": 0, "seconds": 0.0, "average": None}
    average = Average(branch, state["average"], recipe.averageLimit)
    model = DistributedDataParallel(branch) if process.world > 1 else branch

    steps = range(state["step"], recipe.steps if args.steps is None else args.steps)
    batches = (batch.to(process.device) for batch in load(args, recipe, frozen, process, steps))
    log = LossLog(args.out / "loss.csv", ["loss"], args.log_every) if process.first else None
    begin = time.time() - state["seconds"]
    for done in (step + 1 for step in steps):
        loss = process.mean(backward(model, frozen, batches, recipe, args.accumulate))
        torch.nn.utils.clip_grad_norm_(trained.values(), recipe.clipNorm)
        optimiser.step()
        optimiser.zero_grad()
        average.update(done)
        if process.first:
            log.add(done, time.time() - begin, done * recipe.batch * args.accumulate * process.world, (loss,))
            if done % args.save_every == 0 or done == steps.stop:
                save(path, trained, average, optimiser, done, time.time() - begin)


def backward(model, frozen, batches, recipe, accumulate):
    """Gradients of Eq. 7 over the next `accumulate` batches; processes exchange them with the last one. -> the mean loss"""
    total = 0
    for part in range(accumulate):
        waits = isinstance(model, DistributedDataParallel) and part < accumulate - 1
        with autocast(frozen), model.no_sync() if waits else contextlib.nullcontext():
            inputs = frozen.inputs(next(batches), recipe.tau)
            everywhere = torch.ones_like(inputs.target[:, :1])
            loss = objective.weighted_error(model(inputs), inputs.target, everywhere) / accumulate
            loss.backward()
        total += loss.detach()
    return total


def autocast(frozen):
    """The trained weights are float32 and multiply in the frozen networks' precision."""
    return torch.autocast(frozen.device.type, frozen.dtype, enabled=frozen.dtype != torch.float32)


def load(args, recipe, frozen, process, steps):
    """The batches of this process, from the first step that is left."""
    vision = frozen.description["vision"]
    pictures = Pictures(args.data, recipe, len(frozen.alphas), vision["imageSize"] // vision["patchSize"])
    order = places(steps, recipe.batch, args.accumulate, process.rank, process.world)
    return torch.utils.data.DataLoader(pictures, batch_sampler=order, num_workers=args.workers,
                                       pin_memory=process.device.type == "cuda")


def save(path, trained, average, optimiser, step, seconds):
    """Only what is trained: the frozen networks are the package's."""
    checkpoint.write(path, {"trained": {name: p.detach() for name, p in trained.items()}, "average": average.state(),
                            "optimiser": optimiser.state_dict(), "step": step, "seconds": seconds})


def restore(path, trained, optimiser):
    saved = torch.load(path, map_location="cpu")
    if saved["trained"].keys() != trained.keys():
        raise ValueError(f"{path}: expected the weights that this package and recipe train, got those of others")
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(saved["trained"][name])
    optimiser.load_state_dict(saved["optimiser"])
    return saved


if __name__ == "__main__":
    main()
