"""More indoor families: podium, brick, plaster wall, silk, kitchen, night lights.  Same contract as indoor.py."""
import numpy as np
from math import cos, pi, sin

import materials as M
from indoor import pick, plant, side_props, sweep
from shade import glow, plain, rgb
from shapes import box, cylinder, grid, lathe, mesh, move, plane, rounded, smoothstep, sphere, tube, wall, waves


def arch(w, h, d, mat, loc, hole=None):
    """Round-topped slab (or gate, when `hole` = frame width in dm) standing on loc, front at loc.y."""
    def outline(w, h):
        t = np.linspace(0, pi, 28)
        return [(-w / 2, 0)] + [(-w / 2 * cos(a), h - w / 2 + w / 2 * sin(a)) for a in t] + [(w / 2, 0)]
    out = outline(w, h)
    if hole:
        inner = outline(w - 2 * hole, h - hole)
        n = len(out)
        v = [(x, y, z) for y in (0, d) for x, z in out + inner]
        f = [(i, i + 1, n + i + 1, n + i) for i in range(n - 1)]
        f += [tuple(2 * n + i for i in q[::-1]) for q in f]
        f += [(i, 2 * n + i, 2 * n + i + 1, i + 1) for i in range(n - 1)]
        f += [(n + i + 1, 3 * n + i + 1, 3 * n + i, n + i) for i in range(n - 1)]
    else:
        n = len(out)
        v = [(x, y, z) for y in (0, d) for x, z in out]
        f = [tuple(range(n)), tuple(range(n, 2 * n))[::-1]] + [(i, n + i, n + i + 1, i + 1) for i in range(n - 1)]
    return move(mesh(v, f, mat, sharp=.6), loc)


def podium(rng, colors, info):
    """Round or square stands with arches and balls before a coloured backdrop."""
    a, b, c = (rgb(x) for x in colors)
    back, stand, accent = plain(a, .7), plain(b, rng.uniform(.35, .7)), plain(c, .5)
    sweep(back, rng.uniform(6, 9), 2.5)
    metal = plain(rgb("#e3bd78"), .25, 1.0)
    info.update(pitch=(3, 18), blur=(.0, .025), view="Khronos PBR Neutral")
    style = rng.integers(4)
    if rng.random() < .25:
        info["gobo"] = pick(rng, ["window", "palm"])

    def layout(rng):
        w = rng.uniform(3.4, 5.0)
        y = rng.uniform(1.6, 2.6)
        dx = rng.uniform(-.9, .9)
        if style == 0:
            arch(w, w * rng.uniform(1.2, 1.6), .5, stand, (dx, y, 0))
        elif style == 1:
            arch(w, w * rng.uniform(1.2, 1.5), .7, accent, (dx, y, 0), hole=.55)
        elif style == 2:
            ob = lathe(rounded([(0, 0), (w * .55, 0), (w * .55, .3), (0, .3)], .05), accent)
            move(ob, (dx, y + .4, w * .62), (pi / 2, 0, 0))
        if rng.random() < .7:
            s = rng.choice([-1, 1])
            h = rng.uniform(.6, 2.6)
            cylinder(rng.uniform(.5, .9), h, pick(rng, [stand, accent]), (s * rng.uniform(2.4, 3.2), rng.uniform(.8, 1.8), 0))
        if rng.random() < .6:
            r = rng.uniform(.25, .5)
            sphere(r, pick(rng, [accent, stand, metal]), (rng.choice([-1, 1]) * rng.uniform(1.7, 2.4), rng.uniform(-.8, .6), r))
        h = rng.uniform(.35, 1.1)
        if rng.random() < .75:
            r = rng.uniform(1.35, 1.8)
            cylinder(r, h, stand, edge=.06)
            if rng.random() < .4:
                cylinder(r + .6, h * .4, accent, edge=.05)
        else:
            box(3.3, 2.6, h, stand, rot=rng.uniform(-.3, .3), bevel=.06)
        return h
    return layout


def brick(rng, colors, info):
    """Brick wall behind a ledge or table board."""
    col, mortar = (rgb(c) for c in colors)
    y = rng.uniform(3.0, 7.0)
    wall(-60, 60, y, -20, 50, M.bricks(rng, col, mortar))
    kind = rng.choice(["wood", "concrete"])
    top = M.wood(rng, rgb(pick(rng, ["#8a5a34", "#b98a56", "#4a3020"])), 1.8, .5, 0, .6) if kind == "wood" else M.concrete(rng, rgb("#a5a19a"))
    box(60, 20 + y, .8, top, (0, (y - 20) / 2, -.8), bevel=.06)
    info["extra"] += {"wood": ["on a wooden ledge", "on a timber shelf"], "concrete": ["on a concrete ledge", "on a stone sill"]}[kind]
    info.update(pitch=(2, 14), blur=(.02, .07))

    def layout(rng):
        side_props(rng, 0, .25)
        return 0.0
    return layout


def plaster(rng, color, info):
    """Plaster wall and floor with a pattern of light thrown on it."""
    c = rgb(color)
    m = M.plaster(rng, c, rng.uniform(.2, .5))
    y = rng.uniform(2.2, 4.0)
    wall(-60, 60, y, 0, 50, m)
    plane(-60, 60, -50, y, 0, M.plaster(rng, tuple(.92 * x for x in c), .1))
    info.update(pitch=(1, 14), blur=(.0, .02), gobo=pick(rng, ["window", "window", "blinds", "palm", "palm"]), azim=rng.uniform(30, 55), elev=rng.uniform(24, 38))

    def layout(rng):
        if rng.random() < .3:
            s = rng.choice([-1, 1])
            cylinder(rng.uniform(.6, 1), rng.uniform(.4, 1.8), m, (s * rng.uniform(2, 2.8), rng.uniform(.4, 1.1), 0))
        return 0.0
    return layout


def silk(rng, color, info):
    """Draped cloth: flowing folds that lie flat under the product and climb behind it."""
    shiny = rng.random() < .65
    m = M.satin(rgb(color)) if shiny else M.cloth(rng, rgb(color), .2)
    info["surface"] = ["silk", "satin", "silky fabric", "draped silk", "flowing satin"] if shiny else ["fabric", "linen", "draped fabric", "soft cloth", "textile"]
    info.update(pitch=(6, 24), blur=(.01, .04), view=pick(rng, ["Khronos PBR Neutral", None]))
    big, small = waves(rng, 4, 3, 8), waves(rng, 5, 1.2, 3)

    def height(X, Y):
        u = X + 1.2 * big(X * .5, Y * .5)
        fold = .55 * np.abs(np.sin(u * 1.1 + .5 * Y + 1.5 * big(X, Y))) ** 1.4 + .12 * small(X, Y)
        r = np.hypot(X, Y)
        return fold * smoothstep(1.1, 3.2, r) * (1 + .12 * np.maximum(Y, 0)) + 7 * smoothstep(3, 12, Y) - .0
    grid(-16, 16, -14, 14, 230, 200, height, m, 1.0)

    def layout(rng):
        return 0.0
    return layout


def kitchen(rng, colors, info):
    """Worktop in front of tiles, with kitchen things out of focus."""
    tile, top = colors
    square = rng.random() < .4
    size = (1.3, 1.3) if square else (2.0, .95)
    y = rng.uniform(4.5, 8)
    wall(-60, 60, y, 0, 40, M.bricks(rng, rgb(tile), rgb("#d8d4cc"), size=size, gap=.05, rough=.18, vary=0, offset=0 if square else .5, coat=.6))
    t = {"wood": lambda: M.wood(rng, rgb("#b98a56"), 1.2, .45, 0, .1), "marble": lambda: M.marble(rng, rgb("#efece8"), rgb("#8e8f94")),
         "stone": lambda: M.concrete(rng, rgb("#77756f"), .1, .35)}[top]()
    box(80, 40, .6, t, (0, y - 20, -.6), bevel=.05)
    info["extra"] += {"wood": ["on a butcher block counter"], "marble": ["on a marble worktop"], "stone": ["on a stone countertop"]}[top]
    info.update(pitch=(3, 16), blur=(.03, .08))
    wood, steel = plain(rgb("#9a6a3c"), .5), plain(rgb("#c9ccd0"), .25, 1)
    if rng.random() < .55:
        z = rng.uniform(4.5, 6)
        box(80, 1.6, .35, M.wood(rng, rgb("#8a5a34"), 3, .5), (0, y - .9, z), bevel=0)
        for k in range(14):
            cylinder(rng.uniform(.35, .6), rng.uniform(.8, 2), plain(rgb(pick(rng, ["#f1ede4", "#c86f4b", "#7a8f86", "#d9b25a", "#4a5258"])), .35), (-12 + k * 1.8 + rng.uniform(-.3, .3), y - .9, z + .35))
        info["extra"] += ["below a shelf", "with jars on a shelf behind"]

    def layout(rng):
        for s in (-1, 1):
            x, yy, kind = s * rng.uniform(2.6, 5), y - rng.uniform(1, 2.4), rng.integers(5)
            if kind == 0:
                cylinder(.6, 1.5, plain(rgb(pick(rng, ["#f1ede4", "#6c7f86"])), .4), (x, yy, 0))
                for k in range(5):
                    tube([(x, yy, 1), (x + rng.uniform(-.6, .6), yy + rng.uniform(-.3, .3), rng.uniform(2.6, 3.4))], .08, wood, 8)
            elif kind == 1:
                board = box(2.6, .2, 3.6, wood, (x, yy + .6, .1), bevel=.08)
                board.rotation_euler = (-.18, 0, 0)
            elif kind == 2:
                lathe(rounded([(0, 0), (.9, 0), (1.0, 1.4), (.95, 1.4), (.85, .1), (0, .1)], .15), steel, loc=(x, yy, 0))
            elif kind == 3:
                plant(rng, (x, yy, 0), rng.uniform(2.4, 3.6), "#4c7a3a")
        return 0.0
    return layout


def bokeh(rng, colors, info):
    """Glossy dark table at night, out-of-focus coloured lights far behind."""
    top = plain(rgb("#0d0d11"), rng.uniform(.06, .2), 0, .4) if rng.random() < .6 else M.wood(rng, rgb("#2a1a12"), 1.6, .2, .3, .1)
    box(80, 36, .5, top, (0, -10, -.5), bevel=.04)
    wall(-300, 300, 120, -80, 160, plain(rgb("#0b0d18"), .9))
    mats = [glow(rgb(c), rng.uniform(9, 20)) for c in colors]
    info.update(pitch=(2, 10), blur=(.09, .16), stops=-.25)
    n = int(rng.integers(45, 85))
    for k in range(n):
        y = rng.uniform(35, 110)
        sphere(rng.uniform(.25, .7) * y / 60, mats[rng.integers(len(mats))], (rng.uniform(-.62, .62) * y, y, rng.normal(.06, .13) * y + 1), 10)

    def layout(rng):
        return 0.0
    return layout
