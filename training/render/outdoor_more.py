"""More outdoor families: clouds, mossy forest, desert.  Same contract as indoor.py."""
import numpy as np
from math import cos, pi, sin

import materials as M
from indoor import pick
from outdoor import blades, boulder, slab, trees
from shade import plain, rgb
from shapes import grid, instance, mesh, move, plane, smoothstep, sphere, waves


def puff(rng, mat):
    """Cauliflower lump: small balls crowded on the upper half of a unit ball, one mesh."""
    t, p = np.linspace(-pi / 2, pi / 2, 11), np.linspace(0, 2 * pi, 17)[:-1]
    ball = np.array([(cos(a) * cos(b), cos(a) * sin(b), sin(a)) for a in t for b in p])
    quads = [(i * 16 + j, i * 16 + (j + 1) % 16, (i + 1) * 16 + (j + 1) % 16, (i + 1) * 16 + j) for i in range(10) for j in range(16)]
    v, f = [], []
    for k in range(34):
        d = rng.normal(size=3)
        d /= np.linalg.norm(d)
        d[2] = abs(d[2])
        r = rng.uniform(.22, .5) if k else .9
        f += [tuple(q + len(v) for q in quad) for quad in quads]
        v += list(ball * r + (d * .72 if k else 0))
    return move(mesh(v, f, mat, sharp=0), (0, -300, -50))


def clouds(rng, color, info):
    """Dreamy bed of clouds in the sky."""
    c = rgb(color)
    m = plain(c, 1.0, specular=0.1, Emission_Color=c, Emission_Strength=.3)  # glow stands in for scattering
    info.update(pitch=(1, 12), blur=(.02, .05), clouds=.4, view="Khronos PBR Neutral", haze=.2)
    protos = [puff(rng, m) for _ in range(3)]
    plane(-300, 300, -60, 400, -1.3, m)

    def layout(rng):
        for _ in range(170):
            y = 45 * rng.random() ** 1.4 - 5
            x = rng.uniform(-1, 1) * (5 + y * .6)
            r = rng.uniform(.6, 1.5) * (1 + y * .03)
            d = np.hypot(x, y)
            top = -.2 if d < 3.4 and y < 1.5 else -.05 if d < 2.6 else rng.uniform(.05, .9) * (1 + max(y, 0) * .06)
            if y < 0 and d > 2:
                top = min(top, .25)
            instance(protos[rng.integers(3)], (x, y, top - r * .8), (rng.uniform(0, 1), 0, rng.uniform(0, 6)), r)
        sphere(1.5, m, (0, 0, -1.42), 32)
        return 0.03
    return layout


def moss(rng, color, info):
    """Mossy stone in a green forest out of focus."""
    bump = waves(rng, 5, 1.0, 3.5)

    def height(X, Y):
        r = np.hypot(X, Y)
        return .28 * bump(X, Y) * smoothstep(.9, 2.4, r) - .02 * (r < 1)
    grid(-60, 60, -40, 90, 200, 180, height, M.grains(rng, rgb(color), 7, .5, .95, .9, .05), 2.4)
    m = M.foliage(rng, rgb(color))
    tuft = [blades(rng, 260, .22, .012, m, 1.6) for _ in range(2)]
    for ob in tuft:
        ob.location = (0, -300, -50)
    for _ in range(110):
        y = 14 * rng.random() ** 1.3 - 4
        x = rng.uniform(-1, 1) * (3 + y * .5)
        if np.hypot(x, y) < (2.0 if y < 0 else 1.4):
            continue
        z = float(height(np.array(x), np.array(y)))
        instance(tuft[rng.integers(2)], (x, y, z - .02), (0, 0, rng.uniform(0, 6)), rng.uniform(.6, 1.2))
    trees(rng, "trunk", 14, 22, 90, "#43352a")
    trees(rng, "round", 34, 35, 110, pick(rng, ["#4f8a3c", "#7fae4a", "#3f6f45"]), 3, 1.2)
    info.update(pitch=(3, 14), blur=(.05, .11))
    fern = M.foliage(rng, rgb("#4f8a34"))
    stone = M.concrete(rng, rgb("#6f6f68"), .4)

    def layout(rng):
        for _ in range(rng.integers(1, 4)):
            r = rng.uniform(.4, 1.2)
            boulder(rng, r, stone, (rng.choice([-1, 1]) * rng.uniform(2, 4), rng.uniform(0, 4), 0))
        for _ in range(rng.integers(0, 3)):
            ob = blades(rng, 60, 1.6, .06, fern, .7)
            ob.location = (rng.choice([-1, 1]) * rng.uniform(2.2, 4.5), rng.uniform(.5, 4), 0)
        return 0.0
    return layout


def desert(rng, color, info):
    """Dunes and rocks under a wide sky."""
    dunes, ripple = waves(rng, 4, 25, 70), waves(rng, 4, .8, 2.0)

    def height(X, Y):
        r = np.hypot(X, Y)
        ridge = .6 + .5 * dunes(X, Y)
        return 9 * ridge * smoothstep(8, 60, r) + .07 * ripple(X * .4, Y) * smoothstep(.8, 2, r) - .3 * smoothstep(2, 8, r)
    grid(-300, 300, -40, 400, 240, 240, height, M.grains(rng, rgb(color), 9, .15), 2.2)
    rock = M.concrete(rng, tuple(.7 * c for c in rgb(color)), .3)
    info.update(pitch=(1, 11), blur=(.015, .05), clouds=rng.choice([0, 0, .5]))
    seat = rng.random() < .5

    def layout(rng):
        for _ in range(rng.integers(0, 4)):
            r = rng.uniform(.4, 1.6)
            boulder(rng, r, rock, (rng.choice([-1, 1]) * rng.uniform(2.3, 6), rng.uniform(0, 9), 0), .8)
        if seat:
            slab(rng, rock, 1.7, .55)
            return 0.55
        return 0.0
    return layout
