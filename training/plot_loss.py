"""Draw the loss of the diffusion stages (runs/*/loss.csv) as docs/training-loss.png, with Pillow alone."""
import csv

from PIL import Image, ImageDraw, ImageFont

from config import ROOT, RUNS

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1200, 520, 90, 30, 50, 60
OUT = ROOT.parent / "docs" / "training-loss.png"


def main():
    stages = [(name, read(RUNS / name / "loss.csv")) for name in ("base", "control", "refine")]
    points, offset = [], 0
    for name, rows in stages:
        points.append((name, [(offset + samples, loss) for samples, loss in rows]))
        offset += rows[-1][0] if rows else 0
    draw(points).save(OUT)
    print(OUT)


def read(path):
    """[(samples, loss)], empty without a file."""
    if not path.exists():
        return []
    with path.open() as f:
        return [(int(r["samples"]), float(r["loss"])) for r in csv.DictReader(f)]


def draw(points):
    every = [p for _, line in points for p in line]
    x_max, y_min = max(x for x, _ in every), min(y for _, y in every)
    settled = sorted(y for _, y in every)
    y_max = settled[int(len(settled) * 0.97)]
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(16)

    def place(x, y):
        return (LEFT + x / x_max * (WIDTH - LEFT - RIGHT),
                TOP + (y_max - min(y, y_max)) / (y_max - y_min) * (HEIGHT - TOP - BOTTOM))

    for k in range(6):
        y = y_min + (y_max - y_min) * k / 5
        pen.line([place(0, y), place(x_max, y)], fill="#dddddd")
        pen.text((LEFT - 10, place(0, y)[1]), f"{y:.2f}", fill="black", font=font, anchor="rm")
        pen.text((place(x_max * k / 5, y_min)[0], HEIGHT - BOTTOM + 10), f"{x_max * k / 5 / 1000:.0f}k", fill="black", font=font, anchor="ma")
    pen.text((WIDTH / 2, HEIGHT - 12), "samples seen", fill="black", font=font, anchor="mb")
    pen.text((LEFT, 14), "velocity loss (thin: 10 steps, thick: running mean)", fill="black", font=font)
    for (name, line), colour in zip(points, ("#2563eb", "#d9480f", "#2f9e44"), strict=True):
        if not line:
            continue
        pen.line([place(*p) for p in line], fill=colour, width=1)
        pen.line([place(*p) for p in smooth(line)], fill=colour, width=4)
        pen.text(place(line[len(line) // 2][0], y_max), name, fill=colour, font=font, anchor="mb")
    return image


def smooth(line, keep=0.9):
    mean, out = line[0][1], []
    for x, y in line:
        mean = keep * mean + (1 - keep) * y
        out.append((x, mean))
    return out


if __name__ == "__main__":
    main()
