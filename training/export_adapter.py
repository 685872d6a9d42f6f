"""Write the package that a run of train_adapter.py makes: the one it was trained on with the new ip_adapter.safetensors.

All other files are linked, not copied, where the disk can. The default fusion becomes the one that was trained."""
import argparse
import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from adapter import adapter_state
from adapter_recipe import read_recipe
from frozen import ImageBranch

ADAPTER = "ip_adapter.safetensors"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="the package that was trained on")
    parser.add_argument("--trained", type=Path, required=True, help="train_adapter.py's --out")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new package; its name becomes the package's")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).with_name("sdxl.json"))
    args = parser.parse_args()
    export(args.package, args.trained, args.out, read_recipe(args.recipe))


def export(package, trained, out, recipe):
    if out.exists():
        raise FileExistsError(f"{out}: expected no such folder yet; choose another name or remove it")
    branch = averaged(package, trained, recipe)
    state = {k: v.detach().to(torch.float16).contiguous() for k, v in adapter_state(branch.unet, branch.compression).items()}
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(package, part, copy_function=link,
                    ignore=shutil.ignore_patterns("*.onnx", "compiled.json", "backdrop.json", ADAPTER))
    save_file(state, part / ADAPTER, metadata={"format": "pt"})
    described = describe(json.loads((package / "backdrop.json").read_text(encoding="utf-8")), part, out.name, recipe)
    (part / "backdrop.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    os.replace(part, out)


def averaged(package, trained, recipe):
    """The branch with the running mean of its weights; on the CPU, in float32."""
    branch = ImageBranch(package, recipe.compression, torch.float32, checkpointing=False)
    average = torch.load(trained / "adapter.pt", map_location="cpu")["average"]
    own = {name: p for name, p in branch.named_parameters() if p.requires_grad}
    if average.keys() != own.keys():
        raise ValueError(f"{trained / 'adapter.pt'}: expected a run on this package with this recipe, got the weights of another")
    for name, parameter in own.items():
        parameter.data.copy_(average[name])
    return branch.eval()


def describe(description, part, name, recipe):
    """backdrop.json with the new name, fusion, and size and digest of the adapter."""
    path = part / ADAPTER
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    entry = {"path": ADAPTER, "sizeBytes": path.stat().st_size, "sha256": digest}
    files = [*(file for file in description["files"] if file["path"] != ADAPTER), entry]
    return description | {"name": name, "title": f"{description['title']} with MEPA", "fusion": recipe.fusion, "files": files}


def link(source, target):
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target)


if __name__ == "__main__":
    main()
