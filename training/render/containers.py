"""Bottles, jars, tubes, cans and boxes.  Each function builds one product standing on z = 0, front towards -y (dm)."""
import numpy as np
from math import cos, pi, sin

import labels
from finish import BODY, art, metalwork, paintwork, pick, trim
from shade import plain, rgb
from shapes import box, lathe, mesh, move, rounded, sphere, tube


def bottle(rng):
    h, r = rng.uniform(2.0, 2.7), rng.uniform(0.36, 0.46)
    s = h * rng.uniform(0.6, 0.7)
    prof = rounded([(0, 0), (r, 0), (r, s), (r * .36, s + r * 1.1), (r * .34, h * .93), (0, h * .93)], 0.2, 7)
    lathe(prof, paintwork(rng, glass=0.6))
    lathe(rounded([(0, h * .87), (r * .4, h * .87), (r * .4, h), (0, h)], .04), trim(rng))
    a, b = s * .12, s * .9
    arc = rng.uniform(1.8, 2.8)
    labels.wrap(prof, a, b, arc, art(rng, arc * r, b - a))


def perfume(rng):
    w, d, h = rng.uniform(.7, .95), rng.uniform(.35, .5), rng.uniform(.8, 1.1)
    box(w, d, h, paintwork(rng, glass=0.9), bevel=.09, segs=4)
    lathe(rounded([(0, h - .02), (.17, h - .02), (.17, h + .12), (0, h + .12)], .03), metalwork(rng))
    if rng.random() < .5:
        box(.34, .3, .36, trim(rng), (0, 0, h + .1), bevel=.04)
    else:
        sphere(.23, trim(rng), (0, 0, h + .3))
    labels.panel(-w * .3, w * .3, h * .25, h * .75, -d / 2 - .006, art(rng, w * .6, h * .5))


def jar(rng):
    r, h = rng.uniform(.45, .6), rng.uniform(.6, 1.0)
    prof = rounded([(0, 0), (r, 0), (r, h), (r * .85, h), (r * .85, h + .02), (0, h + .02)], .12, 6)
    lathe(prof, paintwork(rng, glass=0.45))
    t = rng.uniform(.22, .32)
    lathe(rounded([(0, h + .02), (r * 1.01, h + .02), (r * 1.01, h + t), (0, h + t)], .05), trim(rng))
    labels.wrap(prof, h * .2, h * .82, 2.3, art(rng, 2.3 * r, h * .62))


def squeeze_tube(rng):
    """Cosmetic tube standing on its cap; flat crimp on top."""
    h, r = rng.uniform(1.5, 2.0), rng.uniform(.3, .38)
    lathe(rounded([(0, 0), (r * .95, 0), (r * .95, .34), (0, .34)], .05), trim(rng))
    code = pick(rng, BODY)
    n, k = 48, 24
    verts = []
    for v in np.linspace(0, 1, k):
        flat = v ** 1.6
        for j in range(n):
            a = 2 * pi * j / n - pi / 2
            verts.append((cos(a) * r * (1 + .35 * flat), sin(a) * r * (1 - .93 * flat), .34 + v * (h - .34)))
    faces = [(a * n + j, a * n + (j + 1) % n, (a + 1) * n + (j + 1) % n, (a + 1) * n + j) for a in range(k - 1) for j in range(n)]
    mesh(verts, faces, plain(rgb(code), .35, 0, .4, product=True), sharp=0)
    # The artwork is its own front sheet: the same surface, a hair larger, right half of the turn only.
    front = [(j, v) for v in range(3, k - 5) for j in range(-13, 14)]
    pts, uv = [], []
    for j, v in front:
        a, t = 2 * pi * j / 78 - pi / 2, v / (k - 1)
        flat = t ** 1.6
        pts.append((cos(a) * r * (1 + .35 * flat) * 1.012, sin(a) * r * (1 - .93 * flat) * 1.012 - .008, .34 + t * (h - .34)))
        uv.append(((j + 13) / 26, (v - 3) / (k - 9)))
    q = [(i * 27 + j, i * 27 + j + 1, (i + 1) * 27 + j + 1, (i + 1) * 27 + j) for i in range(k - 9) for j in range(26)]
    mesh(pts, q, art(rng, 2 * r, h * .62, code), sharp=0, uvs=uv)
    box(r * 2.72, .09, .16, plain(rgb(code), .4, 0, .3, product=True), (0, 0, h - .06), bevel=.02)


def can(rng):
    r, h = rng.uniform(.31, .34), rng.uniform(1.15, 1.6)
    prof = rounded([(0, .03), (r * .78, 0), (r, .12), (r, h - .16), (r * .82, h), (r * .78, h - .04), (0, h - .05)], .05, 5)
    lathe(prof, plain(rgb("#d9dbde"), .22, 1, product=True))
    labels.wrap(prof, .13, h - .17, 6.2, art(rng, 2 * pi * r, h * .8, front=.36), lift=.006)


def mug(rng):
    r, h = rng.uniform(.4, .46), rng.uniform(.85, 1.0)
    m = paintwork(rng, glass=0)
    prof = rounded([(0, 0), (r * .9, 0), (r, h), (r - .05, h), (r * .85, .1), (0, .08)], .05, 4)
    lathe(prof, m)
    lathe([(0, h * .86), (r * .97, h * .86)], plain(rgb("#3a2115"), .1, product=True))
    side = pick(rng, [-1, 1])
    t = np.linspace(-pi / 2, pi / 2, 18)
    tube([(side * (r * .93 + .3 * cos(a)), 0, h * .5 + .28 * sin(a)) for a in t], .065, m, 14)
    if rng.random() < .6:
        labels.wrap([(r * .9, 0), (r, h)], h * .3, h * .7, 1.3, art(rng, 1.3 * r, h * .4, "#f3efe6"), lift=.01)


def carton(rng):
    w, d, h = rng.uniform(.7, 1.2), rng.uniform(.4, .7), rng.uniform(1.2, 2.0)
    code = pick(rng, BODY)
    box(w, d, h, plain(rgb(code), .45, 0, .2, product=True), bevel=.02)
    labels.panel(-w * .48, w * .48, h * .02, h * .98, -d / 2 - .005, art(rng, w, h, code))
    labels.panel(-d * .46, d * .46, h * .1, h * .9, -w / 2 - .005, art(rng, d, h * .8, code), turn=pi / 2)
    labels.panel(-d * .46, d * .46, h * .1, h * .9, -w / 2 - .005, art(rng, d, h * .8, code), turn=-pi / 2)


def milk_carton(rng):
    w, h = rng.uniform(.75, .95), rng.uniform(1.5, 1.9)
    code = pick(rng, BODY)
    m = plain(rgb(code), .4, 0, .25, product=True)
    box(w, w, h, m, bevel=.02)
    a, t = w / 2 - .01, .42
    mesh([(-a, -a, h - .01), (a, -a, h - .01), (a, a, h - .01), (-a, a, h - .01), (-a, 0, h + t), (a, 0, h + t)],
         [(0, 1, 5, 4), (2, 3, 4, 5), (1, 2, 5), (3, 0, 4)], m, smooth=False)
    box(w * .98, .05, .2, m, (0, 0, h + t - .04), bevel=.01)
    if rng.random() < .6:
        ob = lathe(rounded([(0, 0), (.15, 0), (.15, .16), (0, .16)], .03), trim(rng))
        move(ob, (0, -w * .28, h + t * .42), (.75, 0, 0))
    labels.panel(-w * .48, w * .48, h * .02, h * .98, -w / 2 - .005, art(rng, w, h, code))
    labels.panel(-w * .46, w * .46, h * .1, h * .9, -w / 2 - .005, art(rng, w, h * .8, code), turn=pick(rng, [-1, 1]) * pi / 2)


def stacked_boxes(rng):
    z = 0.0
    for k in range(rng.integers(2, 4)):
        w, d, h = 1.7 - k * .3, 1.2 - k * .2, rng.uniform(.35, .6)
        t = rng.uniform(-.25, .25)
        code = pick(rng, BODY)
        box(w, d, h, plain(rgb(code), .5, 0, .1, product=True), (0, 0, z), t, bevel=.03)
        ob = labels.panel(-w * .35, w * .35, h * .2, h * .8, -d / 2 - .006, art(rng, w * .7, h * .6, code))
        move(ob, (0, 0, z), (0, 0, t))
        if k == 0 or rng.random() < .4:
            box(w + .012, .14, h + .008, plain(rgb(pick(rng, BODY)), .3, 0, .3, product=True), (0, 0, z), t, bevel=.02)
        z += h + .003


def speaker(rng):
    """Ball-shaped loudspeaker with a flat foot and a ring."""
    r = rng.uniform(.6, .8)
    t = np.linspace(-1.15, pi / 2, 30)
    prof = [(0, r * (sin(-1.15) + 1) - .05 * r)] + [(r * cos(a) if a < 1.57 else 0, r * (sin(a) + 1)) for a in t]
    low = prof[0][1]
    lathe([(a, z - low) for a, z in prof], paintwork(rng, glass=.15), 56, sharp=0)
    ob = lathe(rounded([(0, 0), (r * .62, 0), (r * .62, .12), (r * .5, .14), (0, .05)], .04), metalwork(rng))
    move(ob, (0, -r * .86, r - low), (pi / 2 - .12, 0, 0))
    ob = lathe([(0, 0), (r * .46, 0), (r * .3, .1), (0, .14)], plain(rgb("#1a1a1d"), .6, product=True))
    move(ob, (0, -r * .93, r - low + .01), (pi / 2 - .12, 0, 0))


def pump(rng):
    h, r = rng.uniform(1.2, 1.6), rng.uniform(.34, .44)
    sx = pick(rng, [1.0, 1.25])
    prof = rounded([(0, 0), (r, 0), (r, h), (r * .35, h + .12), (r * .33, h + .22), (0, h + .22)], .16, 6)
    lathe(prof, paintwork(rng, glass=.45), sx=sx)
    m = trim(rng)
    lathe(rounded([(0, h + .18), (.17, h + .18), (.17, h + .4), (.05, h + .42), (.05, h + .68), (0, h + .68)], .03), m)
    side = pick(rng, [-1, 1])
    box(.5, .2, .12, m, (side * .12, 0, h + .62), bevel=.04)
    tube([(side * .3, 0, h + .69), (side * .46, 0, h + .68), (side * .52, 0, h + .6)], .045, m)
    labels.wrap(prof, h * .15, h * .85, 2.2, art(rng, 2.2 * r * sx, h * .7), sx=sx)
