"""The script itself, on a whole SDXL package in miniature: alone, on two processes, interrupted, and what it leaves alone."""
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
import torch

import train_adapter
from adapter_recipe import read_recipe
from export_adapter import averaged, export
from frozen import Frozen, ImageBranch
from safetensors.torch import load_file, save_file
from tiny import RECIPE, TRAINING, write_recipe


@pytest.fixture
def train(package, pictures, tmp_path):
    """Runs the script in this process: train(run, "--steps", …, **changes of the recipe) -> the run's checkpoint."""
    def run(name, *arguments, **changes):
        train_adapter.main(arguments_of(package, pictures, tmp_path, name, changes, arguments))
        return torch.load(tmp_path / name / "adapter.pt")
    return run


def arguments_of(package, pictures, tmp_path, name, changes, arguments):
    recipe = write_recipe(tmp_path / f"{name}.json", **changes)
    return ["--package", str(package), "--data", str(pictures), "--out", str(tmp_path / name), "--recipe", str(recipe),
            "--workers", "0", "--threads", "1", "--log-every", "1", *arguments]


def losses(tmp_path, name):
    return [float(line.split(",")[-1]) for line in (tmp_path / name / "loss.csv").read_text().splitlines()[1:]]


def equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def close(a, b, tolerance):
    return a.keys() == b.keys() and all((a[k] - b[k]).abs().max() < tolerance for k in a)


def same_gradients(a, b):
    """By their running means: AdamW's first steps divide by the gradient's size, so weights show what order sums were taken in."""
    means = [(x["exp_avg"], y["exp_avg"]) for x, y in zip(a["optimiser"]["state"].values(), b["optimiser"]["state"].values())]
    size = torch.cat([y.flatten() for _, y in means]).norm()
    return torch.cat([(x - y).flatten() for x, y in means]).norm() < 1e-4 * size


def test_the_loss_falls_on_one_batch(train, tmp_path, monkeypatch):
    monkeypatch.setattr(train_adapter, "places", lambda steps, *_: ([0, 1] for _ in steps))
    train("overfit", "--steps", "40", rate=1e-2)
    found = losses(tmp_path, "overfit")
    assert all(0 < loss < 10 for loss in found)
    assert found[-1] < 0.8 * found[0]


def test_only_the_image_branch_learns(train, monkeypatch):
    seen = {}

    def noted(kind):
        def make(*arguments, **options):
            made = kind(*arguments, **options)
            parts = [made] if kind is ImageBranch else [made.vae, *made.text, made.vision, made.controlnet, made.depth]
            networks = {f"{kind.__name__} {i}": part for i, part in enumerate(parts)}
            seen.update({n: (part, {k: v.clone() for k, v in part.state_dict().items()}) for n, part in networks.items()})
            return made
        return make

    monkeypatch.setattr(train_adapter, "ImageBranch", noted(ImageBranch))
    monkeypatch.setattr(train_adapter, "Frozen", noted(Frozen))
    train("frozen", "--steps", "2")
    changed = {f"{n}/{k}" for n, (part, before) in seen.items() for k, v in part.state_dict().items() if not torch.equal(v, before[k])}
    branch = seen["ImageBranch 0"][0]
    image = {f"ImageBranch 0/{k}" for k in branch.state_dict() if "_ip." in k or k.startswith("compression.")}
    assert changed == image
    assert len(seen) == 7
    learning = {n for part, _ in seen.values() for n, p in part.named_parameters() if p.requires_grad}
    assert learning == {k.removeprefix("ImageBranch 0/") for k in image}


def test_an_interrupted_run_ends_as_an_uninterrupted_one(train, tmp_path):
    whole = train("whole", "--steps", "4")
    train("halves", "--steps", "2")
    halves = train("halves", "--steps", "4", "--resume")
    assert halves["step"] == 4
    assert equal(halves["trained"], whole["trained"]) and equal(halves["average"], whole["average"])
    assert losses(tmp_path, "halves") == losses(tmp_path, "whole")
    states = zip(halves["optimiser"]["state"].values(), whole["optimiser"]["state"].values())
    assert all(equal(a, b) for a, b in states)


def test_two_processes_are_one_with_twice_the_batch(train, package, pictures, tmp_path):
    arguments = arguments_of(package, pictures, tmp_path, "two", {"batch": 2}, ["--steps", "2"])
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(TRAINING / "train_adapter.py")]
    done = subprocess.run([*launch, *arguments], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    two = torch.load(tmp_path / "two" / "adapter.pt")
    one = train("one", "--steps", "2", batch=4)
    assert same_gradients(two, one)
    assert losses(tmp_path, "two") == pytest.approx(losses(tmp_path, "one"), abs=2e-5)
    again = arguments_of(package, pictures, tmp_path, "two", {"batch": 2}, ["--steps", "3", "--resume"])
    assert subprocess.run([*launch, *again], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, timeout=120).returncode == 0
    assert torch.load(tmp_path / "two" / "adapter.pt")["step"] == 3
    assert len(losses(tmp_path, "two")) == 3


def test_accumulating_is_a_larger_batch(train):
    parts = train("parts", "--steps", "2", "--accumulate", "2", batch=2)
    assert same_gradients(parts, train("once", "--steps", "2", batch=4))


def test_gradient_checkpointing_changes_no_number(train):
    kept = train("kept", "--steps", "2", gradientCheckpointing=False)
    assert close(train("recomputed", "--steps", "2", gradientCheckpointing=True)["trained"], kept["trained"], 1e-7)


def test_bfloat16_trains_float32_weights(train, tmp_path):
    saved = train("half", "--steps", "2", precision="bfloat16")
    assert {v.dtype for v in saved["trained"].values()} == {torch.float32}
    assert losses(tmp_path, "half") == pytest.approx(losses_in_float32(train, tmp_path), rel=0.05)


def losses_in_float32(train, tmp_path):
    train("full", "--steps", "2")
    return losses(tmp_path, "full")


def test_the_branch_starts_from_the_text_weights_or_from_a_file(train, package):
    unlearning = dict(rate=0.0, weightDecay=0.0)
    state = train("paper", "--steps", "1", **unlearning)["trained"]
    unet = ImageBranch(package, RECIPE["compression"], torch.float32, False).unet.state_dict()
    image = [k for k in state if k.endswith("to_k_ip.weight")]
    assert len(image) == 11
    assert all(torch.equal(state[k], unet[k.removeprefix("unet.").replace("processor.to_k_ip", "to_k")]) for k in image)
    given = load_file(package / "ip_adapter.safetensors")
    begun = train("public", "--steps", "1", "--start-from", str(package / "ip_adapter.safetensors"), **unlearning)["trained"]
    assert torch.equal(begun["compression.latents"], given["image_proj.latents"].float())


def test_a_package_without_control_trains_without_it(train, tmp_path):
    train("free", "--steps", "1", control=0)
    assert len(losses(tmp_path, "free")) == 1


def test_the_exported_package_holds_the_average_and_leaves_the_old_one(train, package, tmp_path):
    before = hashlib.sha256((package / "ip_adapter.safetensors").read_bytes()).hexdigest()
    train("run", "--steps", "2")
    recipe = read_recipe(tmp_path / "run.json")
    out = tmp_path / "tiny-mepa"
    export(package, tmp_path / "run", out, recipe)
    branch = averaged(package, tmp_path / "run", recipe)
    state = load_file(out / "ip_adapter.safetensors")
    assert torch.equal(state["image_proj.latents"], branch.compression.latents.half())
    assert sorted(int(k.split(".")[1]) for k in state if "to_k_ip" in k) == list(range(1, 22, 2))
    assert hashlib.sha256((package / "ip_adapter.safetensors").read_bytes()).hexdigest() == before
    described = json.loads((out / "backdrop.json").read_text())
    assert (described["name"], described["fusion"]) == ("tiny-mepa", "query")
    entry = next(f for f in described["files"] if f["path"] == "ip_adapter.safetensors")
    assert entry["sha256"] == hashlib.sha256((out / "ip_adapter.safetensors").read_bytes()).hexdigest() != before
    assert {p.relative_to(out) for p in out.rglob("*")} == {p.relative_to(package) for p in package.rglob("*")}
    with pytest.raises(FileExistsError):
        export(package, tmp_path / "run", out, recipe)


def test_a_part_with_missing_tensors_is_refused(package, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(package, broken)
    state = load_file(broken / "image_encoder/model.safetensors")
    state.pop(next(k for k in state if k.endswith("fc1.weight")))
    save_file(state, broken / "image_encoder/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="image_encoder.*missing"):
        Frozen(broken, torch.float32, torch.device("cpu"), False)
