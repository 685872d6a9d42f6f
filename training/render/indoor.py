"""Indoor and studio scene families.

A family is a function (rng, colour, info) that builds what a style group shares and returns `layout`,
a function (rng) -> height of the spot where the product stands, which (re)builds what changes from
picture to picture.  `info` collects words for the captions and limits for the camera.
"""
import numpy as np
from math import cos, pi, sin

import materials as M
from shade import glow, plain, rgb
from shapes import box, cylinder, lathe, mesh, move, patches, plane, rounded, sphere, wall

WALLS = ["#e9e2d6", "#cfd8d2", "#d9c3ad", "#b7c4cc", "#c9b8a8", "#8fa093", "#e6d3c9", "#a9876b", "#6f7f86", "#d7b79c"]


def pick(rng, items):
    return items[rng.integers(len(items))]


def plant(rng, loc, size, color="#3f6b35"):
    """Bushy pot plant; meant to be seen out of focus."""
    pot = lathe(rounded([(0, 0), (size * .16, 0), (size * .22, size * .32), (0, size * .3)], .05), plain(rgb(pick(rng, ["#b5694a", "#e8e2d8", "#55606a"])), .7))
    move(pot, loc)
    n = 70
    a, e, l = rng.uniform(0, 2 * pi, n), rng.uniform(.2, 1.5, n), rng.uniform(.4, .8, n) * size
    d = np.stack([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)], -1)
    side = np.stack([-np.sin(a), np.cos(a), 0 * a], -1) * (size * .06)
    root = np.array(loc) + [0, 0, size * .3]
    q = np.stack([root + d * (l * .35)[:, None] - side * .2, root + d * (l * .7)[:, None] - side, root + d * l[:, None],
                  root + d * (l * .7)[:, None] + side, root + d * (l * .35)[:, None] + side * .2], 1)
    patches(q, M.foliage(rng, rgb(color)))


def room(rng, light, info, y=20.0, z=-7.0):
    """Blurred living room behind a table: wall, window or lamp, shelf, picture, plant."""
    tone = rgb(pick(rng, WALLS))
    wall(-70, 70, y, z, 55, M.plaster(rng, tone, .1))
    evening = light in ("warm", "lamplight", "moody")
    shine = rgb("#ffb26a") if evening else rgb("#e8f1ff")
    x = rng.uniform(6, 14) * rng.choice([-1, 1])
    kind = rng.choice(["window", "lamp", "shelf", "picture", "curtain"], p=[.32, .22, .2, .13, .13])
    if kind == "window":
        m = glow(shine, 2.2 if evening else 2.6)
        w, h = rng.uniform(5, 8), rng.uniform(9, 13)
        frame = plain(rgb(pick(rng, ["#f2eee8", "#6b4a32", "#3a3d40"])), .5)
        wall(x - w, x + w, y - .2, 2, 2 + 1.6 * h, m)
        for k in (-1, 0, 1):
            box(.7, .4, 1.6 * h, frame, (x + k * w, y - .5, 2), bevel=0)
        for k in (0, .5, 1):
            box(2 * w, .4, .6, frame, (x, y - .5, 2 + k * 1.6 * h), bevel=0)
        info["extra"] += ["by a window", "with a bright window behind"]
    if kind == "lamp" or (evening and rng.random() < .6):
        lx = -x * rng.uniform(.5, 1.0)
        sphere(1.6, glow(rgb("#ffb468"), 9.0), (lx, y - 3, rng.uniform(6, 11)), 20)
        if kind == "lamp":
            info["extra"] += ["with a glowing lamp in the background", "beside a cozy lamp"]
    if kind == "shelf":
        wood = plain(rgb(pick(rng, ["#8a5a34", "#5b3b25", "#d9c6a8"])), .5)
        for sz in (3.0, 9.0):
            box(14, 2.4, .5, wood, (x, y - 1.4, sz), bevel=0)
            bx = x - 6.5
            while bx < x + 6:
                w = rng.uniform(.5, 1.6)
                box(w, 1.6, rng.uniform(2.2, 4.2), plain(rgb(pick(rng, ["#b5523b", "#32506b", "#d8b25a", "#e6ded0", "#51694f", "#3a3330"])), .6), (bx, y - 1.6, sz + .5), bevel=0)
                bx += w + (rng.uniform(.1, 2.5) if rng.random() < .3 else .05)
        info["extra"] += ["with bookshelves in the background", "in front of a bookshelf"]
    if kind == "picture":
        w, h = rng.uniform(4, 6), rng.uniform(5, 8)
        box(2 * w, .3, 2 * h, plain(rgb("#2b2622"), .5), (x * .7, y - .3, 3), bevel=0)
        wall(x * .7 - w + .5, x * .7 + w - .5, y - .5, 3.5, 2.5 + 2 * h, plain(rgb(pick(rng, ["#f0ece4", "#c86f4b", "#6c8f9c", "#dcb46a"])), .6))
    if kind == "curtain":
        s = rng.choice([-1, 1])
        u = np.linspace(0, 18, 140)
        rows = [[(s * (8 + t), y - 2 + .7 * sin(t * 2.4), zz) for t in u] for zz in (z, 40)]
        f = [(i, i + 1, len(u) + i + 1, len(u) + i) for i in range(len(u) - 1)]
        mesh(rows[0] + rows[1], f, plain(rgb(pick(rng, ["#efe7da", "#b98f78", "#8297a3", "#c7b299"])), .8), sharp=0)
    if rng.random() < .55:
        plant(rng, (rng.uniform(5, 16) * rng.choice([-1, 1]), y - rng.uniform(4, 9), rng.uniform(-4, -1)), rng.uniform(8, 13))
        info["extra"] += ["with a green plant behind", "with houseplants in the background"]


def side_props(rng, z=0.0, p=0.45):
    """Small out-of-focus objects on a table, behind and beside the product."""
    for side in (-1, 1):
        if rng.random() > p:
            continue
        loc = (side * rng.uniform(2.2, 4.2), rng.uniform(2.5, 5.5), z)
        kind = rng.integers(4)
        if kind == 0:
            cylinder(rng.uniform(.4, .7), rng.uniform(.8, 1.6), plain(rgb(pick(rng, ["#e8e2d6", "#b5694a", "#4c5a55", "#c9a27a"])), .4), loc)
        elif kind == 1:
            t = rng.uniform(-.4, .4)
            for k in range(3):
                box(2.2 - .2 * k, 1.5, .3, plain(rgb(pick(rng, ["#b5523b", "#32506b", "#e6ded0", "#51694f", "#c9a45c"])), .6), (loc[0], loc[1], z + .3 * k), t + .1 * k, .03)
        elif kind == 2:
            plant(rng, loc, rng.uniform(2.0, 3.2))
        else:
            lathe(rounded([(0, 0), (.5, 0), (.85, .55), (.8, .55), (.4, .08), (0, .06)], .1), plain(rgb(pick(rng, ["#f1ede4", "#6c7f86", "#caa58a"])), .3), loc=loc)


def wood_table(rng, color, info):
    """Planked table top in a room."""
    rustic = rng.uniform(0, 1)
    top = M.wood(rng, rgb(color), rng.uniform(1.1, 2.2), rng.uniform(.32, .55), 0.25 * (rng.random() < .4), rustic)
    depth = rng.uniform(5, 9)
    box(60, 30 + depth, .8, top, (0, (depth - 30) / 2, -.8), bevel=.06)
    info.update(pitch=(3, 20), blur=(.04, .11), rustic=rustic)
    room(rng, info["light"], info, y=rng.uniform(16, 26))

    def layout(rng):
        side_props(rng, 0, .35)
        return 0.0
    return layout


def marble_table(rng, colors, info):
    base, vein = (rgb(c) for c in colors)
    box(60, 36, .6, M.marble(rng, base, vein), (0, -12, -.6), bevel=.05)
    info.update(pitch=(4, 20), blur=(.03, .09))
    if rng.random() < .5:
        room(rng, info["light"], info, y=rng.uniform(16, 24))
    else:
        wall(-60, 60, rng.uniform(7, 10), -20, 40, M.plaster(rng, rgb(pick(rng, WALLS)), .15))
        info["extra"] += ["against a plain wall", "with a soft plain wall behind"]

    def layout(rng):
        side_props(rng, 0, .3)
        return 0.0
    return layout


def concrete(rng, color, info):
    m = M.concrete(rng, rgb(color), rng.uniform(.2, .9))
    plane(-60, 60, -40, 8, 0, m)
    y = rng.uniform(3.5, 7)
    wall(-60, 60, y, 0, 50, M.concrete(rng, rgb(color), rng.uniform(.2, .8)))
    info.update(pitch=(2, 18), blur=(.015, .05))

    def layout(rng):
        if rng.random() < .5:
            s = rng.choice([-1, 1])
            box(rng.uniform(1.2, 2.5), rng.uniform(1, 2), rng.uniform(.6, 3.5), m, (s * rng.uniform(2, 3.2), rng.uniform(1, 2.2), 0), rng.uniform(-.4, .4), .04)
        if rng.random() < .35:
            box(3.6, 3.0, .5, m, (0, 0, 0), rng.uniform(-.3, .3), .04)
            return 0.5
        return 0.0
    return layout


def sweep(mat, y=9.0, r=5.0):
    """Seamless paper: floor, curve and back wall in one sheet, 120 dm wide."""
    prof = [(-60, 0)] + [(y - r + r * sin(a), r - r * cos(a)) for a in np.linspace(0, pi / 2, 16)] + [(y, 60)]
    v = [(x, py, pz) for py, pz in prof for x in (-80, 80)]
    return mesh(v, [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(prof) - 1)], mat, sharp=0)


def studio(rng, color, info):
    c = rgb(color)
    m = plain(c, rng.uniform(.5, .9))
    sweep(m, rng.uniform(6, 12))
    info.update(pitch=(2, 22), blur=(.0, .03), view="Khronos PBR Neutral")
    if rng.random() < .3:
        info["gobo"] = pick(rng, ["window", "palm"])

    def layout(rng):
        return 0.0
    return layout
