"""Train the mini model, every stage in order. A stage whose result exists is skipped; an interrupted one goes on."""
import argparse
import subprocess
import sys

from config import ROOT, RUNS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, minutes in (("ae", 10), ("depth", 8), ("base", 15), ("control", 112), ("refine", 40), ("decoder", 40)):
        parser.add_argument(f"--minutes-{name}", type=float, default=minutes)
    args = parser.parse_args()
    once("tokenizer", "train_tokenizer.py")
    once("autoencoder", "train_autoencoder.py", "--minutes", args.minutes_ae)
    once("depth", "train_depth.py", "--minutes", args.minutes_depth)
    once("base", "train_diffusion.py", "--stage", "base", "--resume", "--minutes", args.minutes_base)
    once("control", "train_diffusion.py", "--stage", "control", "--resume", "--minutes", args.minutes_control)
    once("refine", "train_diffusion.py", "--stage", "refine", "--resume", "--minutes", args.minutes_refine)
    once("decoder", "train_decoder.py", "--minutes", args.minutes_decoder)
    for script in ("export.py", "plot_loss.py", "sample.py"):
        subprocess.run([sys.executable, str(ROOT / script)], check=True)


def once(name, script, *arguments):
    """Run a stage and leave a marker; a marker from an earlier run skips it."""
    marker = RUNS / f"{name}.done"
    if marker.exists():
        print(f"{name}: done before, remove {marker} to train it again")
        return
    subprocess.run([sys.executable, str(ROOT / script), *map(str, arguments)], check=True)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()


if __name__ == "__main__":
    main()
