"""A stage's clock: the learning rate follows the share of the time budget that is used, and a log of the loss."""
import csv
import math
import time


class Budget:
    """A stage that runs `minutes`, counting those of earlier runs that it resumes."""

    def __init__(self, minutes, rate, warmup_steps, final_rate=None, used_seconds=0.0):
        self.seconds, self.rate, self.warmup = minutes * 60, rate, warmup_steps
        self.final = rate * 0.01 if final_rate is None else final_rate
        self.begin = time.time() - used_seconds

    @property
    def used(self):
        return time.time() - self.begin

    @property
    def done(self):
        return self.used >= self.seconds

    def learning_rate(self, step):
        """Linear warm-up over steps, then a cosine over the time that is left."""
        share = min(1.0, self.used / self.seconds)
        cosine = self.final + (self.rate - self.final) * 0.5 * (1 + math.cos(math.pi * share))
        return cosine * min(1.0, (step + 1) / self.warmup)

    def set_rate(self, optimiser, step):
        for group in optimiser.param_groups:
            group["lr"] = self.learning_rate(step)


class LossLog:
    """loss.csv: step, seconds, samples, and one column per loss; the mean of every `every` steps."""

    def __init__(self, path, columns, every=10):
        self.path, self.columns, self.every, self.rows = path, columns, every, []
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(",".join(["step", "seconds", "samples", *columns]) + "\n")

    def add(self, step, seconds, samples, values):
        self.rows.append([v.item() for v in values])
        if len(self.rows) < self.every:
            return
        means = [sum(c) / len(c) for c in zip(*self.rows)]
        self.rows = []
        with self.path.open("a", newline="") as f:
            csv.writer(f).writerow([step, round(seconds, 1), samples, *(f"{m:.5f}" for m in means)])
        print(f"{self.path.parent.name} step {step} {seconds / 60:.1f} min {samples / max(1e-9, seconds):.1f} samples/s "
              + " ".join(f"{n} {m:.4f}" for n, m in zip(self.columns, means)), flush=True)
