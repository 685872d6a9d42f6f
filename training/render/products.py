"""Product shapes.  Each function builds one product standing on z = 0, front towards -y (sizes in dm);
`build` gathers the objects it created under one empty so that the product can be turned and moved."""
import bpy
import numpy as np
from math import cos, pi, sin

import labels
from shade import bsdf, material, mix, node, plain, rgb, surface
from shapes import box, lathe, mesh, move, rounded, sphere, tube

BODY = ["#f3efe6", "#ffffff", "#1f2226", "#e8b7b0", "#9fb8a0", "#2f5d50", "#d9694a", "#f0c24b", "#3c5a99", "#87b5d9", "#7d5ba6",
        "#c9a27a", "#b33a3a", "#f4d9c6", "#5d7f3f", "#e58fb0", "#2a9d8f", "#203a5c", "#ef8a3c", "#d8d3c8"]
METAL = ["#e9c77b", "#d9dbde", "#e0a48a", "#9aa0a6", "#2b2b2e"]


def pick(rng, options):
    return options[rng.integers(len(options))]


def paintwork(rng, code=None, glass=0.3):
    """Random body finish: matte, glossy, ceramic or tinted-glass look (no transmission: too slow)."""
    color = rgb(code or pick(rng, BODY))
    if rng.random() < glass:
        m = material(True)
        rim = node(m, "LayerWeight", Blend=0.35).outputs["Facing"]
        tint = mix(m, rim, tuple(min(1, c * 0.8 + 0.12) for c in color), tuple(c * 0.35 for c in color))
        return surface(m, bsdf(m, tint, 0.06, coat=1.0, specular=0.7))
    rough, coat = pick(rng, [(0.55, 0.0), (0.3, 0.4), (0.4, 1.0), (0.25, 0.2)])
    return plain(color, rough, 0, coat, product=True)


def metalwork(rng):
    return plain(rgb(pick(rng, METAL)), rng.uniform(0.12, 0.35), 1.0, product=True)


def trim(rng):
    """Cap or lid: metal, plastic or wood-coloured."""
    if rng.random() < 0.5:
        return metalwork(rng)
    return plain(rgb(pick(rng, BODY + ["#1a1a1c", "#a9794b"])), 0.35, 0, 0.3, product=True)


def art(rng, width, height, back=None, front=1.0):
    """Label material of width x height dm."""
    back = back or pick(rng, BODY)
    lum = sum(int(back[i:i + 2], 16) for i in (1, 3, 5))
    ink = pick(rng, ["#1d2430", "#7a2d2d", "#224b3c", "#27408b"]) if lum > 380 else "#fafaf5"
    res = QUALITY["label"]
    w = int(res * (width / height) ** 0.5)
    return labels.label_material(labels.paint(rng, back, ink, pick(rng, BODY), max(48, w), max(40, int(w * height / width)), front))


QUALITY = {"label": 160}  # pixels; samples.py raises it


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


PRODUCTS = {"bottle": bottle, "perfume": perfume, "jar": jar, "tube": squeeze_tube, "can": can, "mug": mug, "carton": carton,
            "milk carton": milk_carton, "gift boxes": stacked_boxes, "speaker": speaker, "pump bottle": pump, "sneaker": sneaker,
            "handbag": handbag, "candle": candle, "bowl": bowl, "spray can": spray, "flask": flask, "vase": vase, "lipstick": lipstick}


def build(name, rng, yaw=0.0):
    """Make product `name`; returns (empty that carries it, its mesh objects)."""
    before = set(bpy.data.objects)
    PRODUCTS[name](rng)
    parts = [ob for ob in bpy.data.objects if ob not in before]
    holder = bpy.data.objects.new("product", None)
    bpy.context.scene.collection.objects.link(holder)
    for ob in parts:
        ob.parent = holder
    holder.rotation_euler = (0, 0, yaw)
    return holder, parts
