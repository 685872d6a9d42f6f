"""Other product shapes: shoe, bag, household goods.  Same contract as containers.py."""
import numpy as np
from math import cos, pi, sin

import labels
from finish import BODY, art, metalwork, paintwork, pick, trim
from shade import material, node, plain, rgb, surface
from shapes import box, lathe, mesh, rounded, sphere, tube


def sneaker(rng):
    """Low-top trainer seen from the side (toe towards +x): lofted sole and upper, lace bars, side stripe."""
    n, k = 30, 20
    u = np.linspace(0, 1, n)
    x = -1.42 + 2.84 * u
    half = np.interp(u, [0, .03, .12, .3, .5, .72, .9, .97, 1], [.12, .3, .42, .42, .42, .52, .48, .33, .12])
    top = np.interp(u, [0, .04, .1, .22, .34, .46, .6, .75, .88, .96, 1], [.9, 1.2, 1.24, 1.02, 1.12, 1.06, .82, .62, .54, .42, .3])
    spring = np.interp(u, [0, .06, .7, 1], [.06, 0, 0, .16])
    sole_h = np.interp(u, [0, .3, .7, 1], [.36, .3, .24, .22])
    light = pick(rng, ["#ffffff", "#f3efe6", "#f0c24b", "#1f2226", "#e8b7b0"])
    upper, stripe = pick(rng, BODY), pick(rng, BODY)

    def loft(rows, mat):
        m = len(rows[0])
        verts = [p for row in rows for p in row]
        faces = [(i * m + j, i * m + j + 1, (i + 1) * m + j + 1, (i + 1) * m + j) for i in range(len(rows) - 1) for j in range(m - 1)]
        ob = mesh(verts, faces, mat, sharp=0)
        mod = ob.modifiers.new("s", "SUBSURF")
        mod.levels = mod.render_levels = 1
        return ob
    rows = []
    for i in range(n):
        w, z0, z1 = half[i] * 1.09, spring[i], spring[i] + sole_h[i]
        rows.append([(x[i], s * w * a, z) for s, a, z in
                     ((0, 0, z0), (-1, .9, z0), (-1, 1, z0 + .05), (-1, 1.0, z1 - .03), (-1, .93, z1), (0, 0, z1), (1, .93, z1),
                      (1, 1.0, z1 - .03), (1, 1, z0 + .05), (1, .9, z0), (0, 0, z0))])
    loft([[(x[0] - .03, 0, p[2]) for p in rows[0]]] + rows + [[(x[-1] + .03, 0, p[2]) for p in rows[-1]]], plain(rgb(light), .5, product=True))
    rows, dark = [], []
    for i in range(n):
        z0, z1 = spring[i] + sole_h[i] - .04, spring[i] + top[i]
        row = []
        for a in np.linspace(0, pi, k):
            # superellipse: steep side walls, rounded top
            cy, cz = np.sign(cos(a)) * abs(cos(a)) ** .75, sin(a) ** .62
            y, z = -half[i] * cy * (1 - .32 * cz ** 2), z0 + (z1 - z0) * cz
            if .08 < u[i] < .36 and abs(cos(a)) < .5:
                z -= .34 * min(1, (.5 - abs(cos(a))) * 6)
            row.append((x[i], y, z))
        rows.append(row)
    ob = loft(rows, [plain(rgb(upper), .6, sheen=.3, product=True), plain(rgb("#26262a"), .9, product=True), plain(rgb(stripe), .5, product=True)])
    idx = np.zeros(len(ob.data.polygons), np.int32)
    for f in range(len(idx)):
        i, j = divmod(f, k - 1)
        if .09 < u[i] < .34 and 7 <= j <= k - 9:
            idx[f] = 1
        if u[i] < .07 or u[i] > .9:
            idx[f] = 2
    ob.data.polygons.foreach_set("material_index", idx)
    R = np.array(rows)
    band = plain(rgb(stripe), .5, product=True)
    for side in (0, 1):
        def at(p, q):
            i, j = p * (n - 1), (q if side == 0 else k - 1 - q)
            i0, j0 = min(int(i), n - 2), min(int(j), k - 2)
            a, b = i - i0, j - j0
            pt = (R[i0, j0] * (1 - a) + R[i0 + 1, j0] * a) * (1 - b) + (R[i0, j0 + 1] * (1 - a) + R[i0 + 1, j0 + 1] * a) * b
            return pt + [0, (-.02 if side == 0 else .02), .004]
        grid_pts = [at(.22 + .5 * t, 1.2 + 4.2 * (1 - t) ** 1.5 + w * (.25 + 1.6 * t * (1.15 - t) * 2)) for t in np.linspace(0, 1, 22) for w in (0, .5, 1)]
        mesh(grid_pts, [(3 * a + b, 3 * a + b + 1, 3 * a + b + 4, 3 * a + b + 3) for a in range(21) for b in range(2)], band, sharp=0)
    lace = plain(rgb("#fafaf5" if light != "#ffffff" else stripe), .8, product=True)
    for p in np.linspace(.42, .66, 6):
        z = np.interp(p, u, top) + np.interp(p, u, spring)
        w = .2
        tube([(-1.42 + 2.84 * p, y, z + .03 - 1.1 * abs(y) ** 2) for y in np.linspace(-w, w, 9)], .038, lace, 8)


def handbag(rng):
    w, d, h = rng.uniform(1.9, 2.4), .8, rng.uniform(1.4, 1.8)
    m = plain(rgb(pick(rng, BODY)), .45, 0, .25, product=True)
    gold = metalwork(rng)
    body = box(w, d, h, m, bevel=.16, segs=4)
    for v in body.data.vertices:
        if v.co.z > .5:
            v.co.x *= .84
            v.co.y *= .62
    flap = box(w * .86, .08, h * .5, m, (0, -d * .38, h * .5), bevel=.04)
    flap.rotation_euler = (-.08, 0, 0)
    box(.34, .12, .22, gold, (0, -d * .5, h * .5), bevel=.03)
    t = np.linspace(0, pi, 28)
    for y in (-.12, .12):
        tube([(w * .26 * cos(a), y, h * .97 + .72 * sin(a)) for a in t], .06, m, 12)


def candle(rng):
    r, h = rng.uniform(.4, .5), rng.uniform(.8, 1.15)
    prof = rounded([(0, 0), (r, 0), (r, h), (r - .05, h), (r - .05, h * .82), (0, h * .8)], .06, 5)
    lathe(prof, paintwork(rng, glass=.4))
    lathe([(0, h * .83), (r - .05, h * .83)], plain(rgb("#f6ead2"), .5, product=True))
    tube([(0, 0, h * .8), (0, 0, h * .98)], .015, plain(rgb("#222222"), .9, product=True), 6)
    m = material(True)
    surface(m, node(m, "Emission", Color=rgb("#ffb14a"), Strength=9.0))
    lathe([(0, h * .95), (.05, h), (.06, h + .06), (.03, h + .18), (0, h + .28)], m, 16, sharp=0)
    labels.wrap(prof, h * .2, h * .7, 1.9, art(rng, 1.9 * r, h * .5, "#f3efe6"))


def bowl(rng):
    r, h = rng.uniform(.8, 1.0), rng.uniform(.5, .65)
    lathe(rounded([(0, 0), (r * .45, 0), (r * .45, .06), (r * .85, h * .5), (r, h), (r - .05, h), (r * .8, h * .5), (0, .1)], .12, 5), paintwork(rng, glass=0))
    fruit = [plain(rgb(c), .35, 0, .3, product=True) for c in pick(rng, [("#f08a24", "#f6b73c"), ("#c8242b", "#e0483a"), ("#8db33a", "#d8d84a"), ("#5a2a55", "#3a2038")])]
    for a in range(6):
        sphere(.28, fruit[a % 2], (cos(a * 1.047) * r * .5, sin(a * 1.047) * r * .5, h * .75), 20)
    sphere(.3, fruit[0], (0, 0, h * .75 + .3), 20)


def spray(rng):
    h, r = rng.uniform(1.5, 1.9), rng.uniform(.24, .3)
    prof = rounded([(0, 0), (r, 0), (r, h * .78), (r * .75, h * .85), (0, h * .85)], .08, 5)
    lathe(prof, plain(rgb(pick(rng, BODY)), .25, rng.integers(2) * .6, .5, product=True))
    lathe(rounded([(0, h * .83), (r * .8, h * .83), (r * .78, h), (0, h)], .06), trim(rng))
    labels.wrap(prof, h * .06, h * .74, 3.0, art(rng, 3 * r, h * .68))


def flask(rng):
    """Thermos with a loop lid."""
    h, r = rng.uniform(1.9, 2.4), rng.uniform(.33, .38)
    prof = rounded([(0, 0), (r, 0), (r, h * .78), (r * .72, h * .86), (0, h * .86)], .14, 6)
    lathe(prof, plain(rgb(pick(rng, BODY)), .42, .25, .2, product=True))
    m = trim(rng)
    lathe(rounded([(0, h * .85), (r * .76, h * .85), (r * .76, h), (0, h)], .05), m)
    t = np.linspace(0, pi, 14)
    tube([(.2 * cos(a), 0, h - .02 + .2 * sin(a)) for a in t], .045, m, 10)
    lathe(rounded([(0, 0), (r * 1.015, 0), (r * 1.015, .16), (0, .16)], .03), metalwork(rng))
    if rng.random() < .7:
        labels.wrap(prof, h * .3, h * .62, 1.2, art(rng, 1.2 * r, h * .32), lift=.006)


def vase(rng):
    h, r = rng.uniform(1.3, 1.9), rng.uniform(.4, .6)
    knots = [(r * .5, 0), (r, h * .3), (r * .75, h * .6), (r * .32, h * .85), (r * .5, h)]
    z = np.linspace(0, h, 40)
    k = np.array(knots)
    coef = np.polyfit(k[:, 1], k[:, 0], 4)
    lathe([(0, 0)] + [(max(.08, float(np.polyval(coef, v))), v) for v in z] + [(r * .4, h - .02), (r * .3, h * .8), (0, h * .7)], paintwork(rng, glass=.1), sharp=.9)


def lipstick(rng):
    m = metalwork(rng)
    box(.3, .3, .55, trim(rng), bevel=.03)
    lathe(rounded([(0, .5), (.125, .5), (.125, .78), (0, .78)], .02), m)
    tip = lathe([(0, .7), (.1, .7), (.1, 1.0), (.085, 1.08), (.03, 1.14), (0, 1.15)], plain(rgb(pick(rng, ["#b3203a", "#d9506a", "#8a2338", "#e2604a"])), .35, 0, .2, product=True), 32, sharp=0)
    for v in tip.data.vertices:
        if v.co.z > .95:
            v.co.z += v.co.x * .9
