"""Abstract product labels drawn with Pillow and wrapped on the front of a product."""
import bpy
import numpy as np
from math import cos, pi, sin
from PIL import Image, ImageDraw, ImageFont

from shade import bsdf, material, node, surface
from shapes import mesh

WORDS = ["nova", "lumen", "aera", "solis", "mira", "oko", "verd", "halo", "una", "kiro", "elan", "tiva", "moss & co", "fjord",
         "ombra", "citra", "pura", "zest", "alba", "noor", "folk", "drift", "calma", "brisa", "tonic", "botan", "arka", "velo"]
INKS = ["#1d2430", "#fafaf5", "#7a2d2d", "#224b3c", "#27408b", "#b98a3c", "#e2604a", "#3a2a4d"]


def paint(rng, back, ink, accent, width, height, front=1.0):
    """Label artwork as a PIL image; colours are '#rrggbb'; the camera sees the middle `front` of the width."""
    im = Image.new("RGB", (width, height), back)
    d = ImageDraw.Draw(im)
    style = rng.integers(5)
    if style == 0:
        d.rectangle([0, int(height * .72), width, height], fill=accent)
    elif style == 1:
        r = min(width * front, height) * rng.uniform(.2, .34)
        d.ellipse([width / 2 - r, height * .34 - r, width / 2 + r, height * .34 + r], fill=accent)
    elif style == 2:
        d.rectangle([width * .06, height * .05, width * .94, height * .95], outline=ink, width=max(1, width // 60))
    elif style == 3:
        for k in range(5):
            d.polygon([(0, height * (.55 + .1 * k)), (width, height * (.4 + .1 * k)), (width, height * (.44 + .1 * k)),
                       (0, height * (.59 + .1 * k))], fill=accent)
    word = str(rng.choice(WORDS))
    if rng.random() < .4:
        word = word.upper()
    size = int(min(height * .26, width * front * 1.05 / max(3, len(word))))
    y = height * rng.choice([.16, .3, .42])
    font = ImageFont.load_default(size)
    d.text((width / 2, y + size / 2), word, font=font, fill=ink, anchor="mm")
    y += size * 1.35
    for _ in range(rng.integers(2, 5)):
        w = width * front * rng.uniform(.22, .6)
        t = max(2, height * .018)
        d.rectangle([width / 2 - w / 2, y, width / 2 + w / 2, y + t], fill=ink)
        y += t * 2.6
    return im


def label_material(im, rough=0.4, coat=0.3):
    """Product material that shows a PIL image through the UV map."""
    w, h = im.size
    px = np.ones((h, w, 4), np.float32)
    px[..., :3] = np.asarray(im, np.float32)[::-1] / 255
    tex = bpy.data.images.new("label", w, h)
    tex.pixels.foreach_set(px.ravel())
    tex.pack()
    m = material(product=True)
    col = node(m, "TexImage", {"image": tex, "extension": "EXTEND"}).outputs[0]
    return surface(m, bsdf(m, col, rough, coat=coat))


def wrap(profile, z0, z1, arc, mat, sx=1.0, sy=1.0, lift=0.012):
    """Patch that follows a lathe profile between heights z0 and z1, `arc` rad wide, facing -y."""
    zs = [p[1] for p in profile]
    order = np.argsort(zs, kind="stable")
    Z, R = np.array(zs)[order], np.array([p[0] for p in profile])[order]
    verts, uvs, n, k = [], [], 28, 14
    for v in np.linspace(0, 1, k):
        z = z0 + (z1 - z0) * v
        r = np.interp(z, Z, R) + lift
        for u in np.linspace(0, 1, n):
            a = -pi / 2 + (u - .5) * arc
            verts.append((r * cos(a) * sx, r * sin(a) * sy, z))
            uvs.append((u, v))
    faces = [(j * n + i, j * n + i + 1, (j + 1) * n + i + 1, (j + 1) * n + i) for j in range(k - 1) for i in range(n - 1)]
    return mesh(verts, faces, mat, sharp=0, uvs=uvs)


def panel(x0, x1, z0, z1, y, mat, turn=0.0):
    """Flat label facing -y at depth y (turned about z by `turn` rad)."""
    pts = [(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)]
    c, s = cos(turn), sin(turn)
    pts = [(c * a - s * b, s * a + c * b, z) for a, b, z in pts]
    return mesh(pts, [(0, 1, 2, 3)], mat, smooth=False, uvs=[(0, 0), (1, 0), (1, 1), (0, 1)])
