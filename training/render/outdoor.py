"""Outdoor scene families.  Same contract as indoor.py."""
import numpy as np
from math import cos, pi, sin

import materials as M
from indoor import pick
from shade import plain, rgb
from shapes import cylinder, grid, instance, lathe, move, patches, plane, rounded, smoothstep, sphere, waves


def boulder(rng, r, mat, loc, squash=.6):
    """Rounded stone, about r dm."""
    t = np.linspace(-pi / 2, pi / 2, 15)
    ob = lathe([(abs(cos(a)) * r, sin(a) * r * squash) for a in t], mat, 24, sharp=0)
    f = waves(rng, 4, r * 1.0, r * 2.4)
    for v in ob.data.vertices:
        v.co *= 1 + .22 * float(f(v.co.x + v.co.z, v.co.y - v.co.z))
    return move(ob, loc, (0, 0, rng.uniform(0, 6)))


def slab(rng, mat, r=1.7, h=.4):
    """Flat stone to stand on: irregular disc with its top at height h."""
    ob = lathe(rounded([(0, -.3), (r * .95, -.3), (r, h * .5), (r * .93, h), (0, h)], .12), mat, 40, sharp=.5)
    f = waves(rng, 4, 1.5, 4)
    for v in ob.data.vertices:
        s = 1 + .16 * float(f(v.co.x, v.co.y))
        v.co.x, v.co.y = v.co.x * s, v.co.y * s
    return ob


def crown(rng, r, color):
    """Tree crown of loose leaves, parked out of sight for instancing."""
    n = 650
    d = rng.normal(size=(n, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    lump = 1 + .25 * np.sin(3 * d[:, :1] + 5 * d[:, 2:]) * np.cos(4 * d[:, 1:2])
    ctr = d * r * lump * rng.uniform(.6, 1.0, (n, 1)) * [1, 1, .9]
    u, v = rng.normal(size=(2, n, 3)) * r * .085
    ob = patches(np.stack([ctr - u - v, ctr + u - v, ctr + u + v, ctr - u + v], 1), M.foliage(rng, rgb(color)))
    return move(ob, (0, 500, -80))


def trees(rng, kind, count, near, far, color, z=0.0, size=1.0):
    """Blurred tree line: 'round' crowns, 'pine' cones or bare 'trunk's."""
    mats = [plain(tuple(c * s for c in rgb(color)), .9) for s in (.6, 1.0, 1.4)]
    bark = plain(rgb("#3d2f25"), .9)
    if kind == "round":
        protos = [crown(rng, 6, color) for _ in range(3)]
    elif kind == "pine":
        prof = [(0, 0)] + [q for k in range(6) for q in ((3.4 - .5 * k, 1.5 + 2.2 * k), (1.6 - .25 * k, 3.9 + 2.2 * k))] + [(0, 17)]
        protos = [lathe(prof, m, 12, sharp=.3, loc=(0, 500, -50)) for m in mats]
    else:
        protos = [lathe([(1.1, 0), (.8, 30), (.6, 60)], m, 10, loc=(0, 500, -90)) for m in (bark, plain(rgb("#5a4636"), .9))]
    for _ in range(count):
        y = rng.uniform(near, far)
        x = rng.uniform(-.75, .75) * y
        s = size * rng.uniform(.7, 1.5)
        lift = rng.uniform(1, 5) * s if kind == "round" else 0
        instance(protos[rng.integers(len(protos))], (x, y, z + lift), (0, 0, rng.uniform(0, 6)), (s, s, s * rng.uniform(.8, 1.3)))


def beach(rng, color, info):
    """Sand with ripples, sea and sky."""
    ripple, dunes = waves(rng, 5, .7, 2.2), waves(rng, 4, 6, 16)
    sea_y = rng.uniform(14, 45)

    def height(X, Y):
        r = np.hypot(X, Y)
        return (.09 * ripple(X, Y) * smoothstep(.7, 2.0, r) + .5 * dunes(X, Y) * smoothstep(2, 9, r)
                - 2.2 * smoothstep(sea_y * .6, sea_y * 1.3, Y) - .012 * (r < 1.2))
    grid(-60, 60, -40, 70, 240, 220, height, M.grains(rng, rgb(color), 11, .22), 2.4)
    tint = pick(rng, ["#2f8f9d", "#1f6f8f", "#3aa6a0", "#2a5f7f"])
    plane(-4000, 4000, sea_y * .7, 4000, -1.3, M.water(rng, rgb(tint), .35, .25, (1, 2.5, 1)))
    info.update(pitch=(1, 14), blur=(.025, .07), clouds=rng.choice([0, .5, .9]))
    if info["clouds"]:
        info["extra"] += ["under soft clouds"]
    stone = M.concrete(rng, rgb(pick(rng, ["#8d8478", "#a79a86", "#6f6b66"])), .3)
    shell = M.assorted([rgb(c) for c in ("#f6e6d6", "#e9c9b5", "#fff7ec", "#d9b79c")], .4)
    on_slab = rng.random() < .25

    def layout(rng):
        for _ in range(rng.integers(0, 4)):
            s = rng.choice([-1, 1])
            r = rng.uniform(.3, 1.3)
            boulder(rng, r, stone, (s * rng.uniform(2.2, 5), rng.uniform(.5, 6), r * .1))
        for _ in range(rng.integers(0, 7)):
            a = rng.uniform(0, 6.28)
            boulder(rng, rng.uniform(.07, .16), shell, (cos(a) * rng.uniform(1.1, 2.6), sin(a) * rng.uniform(.9, 2), .05), .5)
        if on_slab:
            slab(rng, stone)
            return 0.4
        return 0.0
    return layout


def blades(rng, n, height, width, mat, patch):
    """Clump mesh: n bent grass blades on a square of side `patch` dm."""
    base = np.stack([rng.uniform(-patch / 2, patch / 2, n), rng.uniform(-patch / 2, patch / 2, n), np.zeros(n)], -1)
    a, h = rng.uniform(0, 2 * pi, n), height * rng.uniform(.5, 1.2, n)
    lean = np.stack([np.cos(a), np.sin(a), 0 * a], -1)
    side = np.stack([-np.sin(a), np.cos(a), 0 * a], -1) * width
    up = np.array([0, 0, 1.0])
    mid = base + lean * (h * .15)[:, None] + up * (h * .6)[:, None]
    tip = base + lean * (h * rng.uniform(.3, .7, n))[:, None] + up * h[:, None]
    return patches(np.stack([base - side, base + side, mid + side * .7, tip, mid - side * .7], 1), mat)


def meadow(rng, color, info):
    """Grass, flowers, hills or trees, sky.  The product stands on a stone or a trodden patch."""
    c = rgb(color)
    hills = waves(rng, 4, 60, 160)
    grid(-500, 500, -40, 700, 120, 120, lambda X, Y: 26 * np.maximum(hills(X, Y), -.4) * smoothstep(60, 300, np.hypot(X, Y)) - .05,
         M.grains(rng, tuple(.8 * x for x in c), 2.5, .5), 2.2)
    m = M.foliage(rng, c)
    protos = [blades(rng, 300, rng.uniform(.7, 1.1), .03, m, 3.0) for _ in range(3)]
    for ob in protos:
        ob.location = (0, -300, -50)
    for _ in range(120):
        y = 32 * rng.random() ** 1.5 - 5
        x = rng.uniform(-1, 1) * (4 + y * .6)
        near = np.hypot(x, y * .8)
        if near < 1.6:
            continue
        s = rng.uniform(.8, 1.3) * (.42 if near < 4.4 and y < 1.5 else 1.0)
        instance(protos[rng.integers(3)], (x, y, 0), (0, 0, rng.uniform(0, 6)), (1, 1, s))
    n = int(rng.integers(0, 2) * rng.integers(60, 200))
    if n:
        petals = [rgb(x) for x in pick(rng, [("#ffffff", "#fff3b0"), ("#f5c518", "#ffe066"), ("#d6336c", "#f783ac", "#ffffff"), ("#7048e8", "#b197fc"), ("#e03131", "#ff6b6b")])]
        y = 30 * rng.random(n) ** 1.4 - 2
        x = rng.uniform(-1, 1, n) * (4 + y * .6)
        far = (np.hypot(x, y) > 1.9) & ((y > 1) | (np.abs(x) > 2.5))
        ctr = np.stack([x, y, rng.uniform(.7, 1.25, n)], -1)[far]
        k = len(ctr)
        t = np.linspace(0, 2 * pi, 9)[:-1]
        ring = np.stack([np.cos(t), np.sin(t) * .9, .35 * np.sin(t)], -1) * np.where(np.arange(8) % 2, .09, .2)[:, None]
        patches(ctr[:, None] + ring[None] * rng.uniform(.7, 1.3, (k, 1, 1)), M.assorted(petals))
        info["extra"] += ["with wildflowers", "among blooming flowers", "with blossoms around"]
    if rng.random() < .65:
        trees(rng, "round", 26, 70, 160, pick(rng, ["#4a7a3a", "#3b6a3f", "#6f8f3f"]), 0, rng.uniform(.8, 1.4))
        info["extra"] += ["with trees in the distance"]
    info.update(pitch=(2, 13), blur=(.03, .08), clouds=rng.choice([0, .6, 1.0]))
    stone = M.concrete(rng, rgb(pick(rng, ["#8f8a80", "#a39a8a", "#77746e"])), .3)
    stump = M.wood(rng, rgb("#a87b4c"), 9, .7)
    seat = rng.choice(["stone", "stump"])

    def layout(rng):
        if seat == "stone":
            slab(rng, stone, 1.75, .75)
            return 0.75
        cylinder(1.65, .9, stump, edge=.07)
        return 0.9
    return layout


def snow(rng, color, info):
    drift, fine = waves(rng, 5, 4, 14), waves(rng, 5, .8, 2.2)

    def height(X, Y):
        r = np.hypot(X, Y)
        return .7 * drift(X, Y) * smoothstep(1.2, 6, r) + .05 * fine(X, Y) * smoothstep(.6, 1.6, r) + .1 * np.exp(-((r - 1.6) / .6) ** 2) - .06 * (r < 1.0)
    grid(-90, 90, -40, 160, 230, 220, height, M.grains(rng, rgb(color), 16, .05, .75, .35, .3), 2.4)
    info.update(pitch=(2, 14), blur=(.03, .08), clouds=rng.choice([0, .6]))
    if rng.random() < .75:
        trees(rng, "pine", 34, 45, 150, pick(rng, ["#2f4a42", "#49605c", "#9fb2b8"]), -.5, rng.uniform(.9, 1.6))
        info["extra"] += ["with fir trees behind", "near a pine forest", "before a frosty forest"]
    flake = plain((1, 1, 1), .8)
    falling = rng.random() < .45
    if falling:
        info["extra"] += ["with falling snowflakes", "during light snowfall"]
    ice = plain(rgb("#eaf3fb"), .2, 0, .5)

    def layout(rng):
        if falling:
            for _ in range(60):
                y = rng.uniform(-3, 14)
                sphere(rng.uniform(.03, .07), flake, (rng.uniform(-1, 1) * (3 + y * .3), y, rng.uniform(.2, 6)), 6)
        for _ in range(rng.integers(0, 4)):
            r = rng.uniform(.3, .8)
            boulder(rng, r, ice, (rng.choice([-1, 1]) * rng.uniform(1.8, 3.6), rng.uniform(0, 3), 0), .7)
        return -0.04
    return layout


def lake(rng, color, info):
    """Water surface; the product stands on a low stone or on a platform just above it."""
    plane(-4000, 4000, -60, 4000, 0, M.water(rng, rgb(color), rng.uniform(.06, .3), rng.uniform(.35, 1.0), (1, 1.6, 1)))
    info.update(pitch=(2, 12), blur=(.02, .06), clouds=rng.choice([0, .7, 1.0]))
    stone = M.concrete(rng, rgb(pick(rng, ["#6d6a66", "#8f877b", "#4b4d50", "#c9bfae"])), .3, .5)
    if rng.random() < .6:
        ridge = waves(rng, 5, 60, 220)
        tone = plain(rgb(pick(rng, ["#5f7a8f", "#6f8a78", "#8a7f93", "#48606f"])), 1.0)
        grid(-900, 900, 400, 900, 90, 12, lambda X, Y: 45 * (ridge(X, 0 * Y) + .9) * smoothstep(400, 700, Y) - 3, tone)
        info["extra"] += ["with mountains on the horizon", "with distant hills", "before a hazy mountain ridge"]
    kind = rng.choice(["stone", "disc"])

    def layout(rng):
        for _ in range(rng.integers(0, 5)):
            r = rng.uniform(.4, 1.3)
            boulder(rng, r, stone, (rng.choice([-1, 1]) * rng.uniform(2.6, 6), rng.uniform(0, 8), r * .05))
        if kind == "stone":
            slab(rng, stone, 1.6, .35)
            return 0.35
        cylinder(1.5, .3, stone, (0, 0, -.05), edge=.05)
        return 0.25
    return layout


def leaf_cloud(rng, n, spread, mat, clear=1.0):
    """n fallen leaves (curled six-sided quads) round the origin, spread dm wide, none inside radius `clear`."""
    r = clear + (spread - clear) * rng.random(n) ** .8
    a = rng.uniform(0, 2 * pi, n)
    ctr = np.stack([r * np.cos(a), r * np.sin(a), rng.uniform(.02, .16, n)], -1)
    t = np.array([(-.5, 0), (-.2, .24), (.15, .2), (.55, 0), (.15, -.2), (-.2, -.24)])
    q = np.concatenate([t, (.25 * t[:, :1] ** 2 + .35 * np.abs(t[:, 1:]))], 1)[None] * rng.uniform(.5, 1.15, (n, 1, 1))
    tilt, turn = rng.normal(0, .35, n), rng.uniform(0, 2 * pi, n)
    y, z = q[..., 1] * np.cos(tilt)[:, None] - q[..., 2] * np.sin(tilt)[:, None], q[..., 1] * np.sin(tilt)[:, None] + q[..., 2] * np.cos(tilt)[:, None]
    x2 = q[..., 0] * np.cos(turn)[:, None] - y * np.sin(turn)[:, None]
    y2 = q[..., 0] * np.sin(turn)[:, None] + y * np.cos(turn)[:, None]
    return patches(ctr[:, None] + np.stack([x2, y2, z], -1), mat)


def autumn(rng, colors, info):
    """Forest floor covered in fallen leaves."""
    grid(-200, 200, -40, 250, 80, 80, lambda X, Y: 0 * X, M.grains(rng, rgb("#5a3d24"), 4, .45), 2)
    leaf = M.assorted([rgb(c) for c in colors], .55)
    leaf_cloud(rng, 1500, 9, leaf, .9)
    leaf_cloud(rng, 1700, 40, leaf, 7)
    trees(rng, "trunk", 16, 25, 110, "#4a3a2c")
    trees(rng, "round", 30, 60, 150, pick(rng, list(colors)), 8, 1.3)
    info.update(pitch=(3, 15), blur=(.04, .1))
    seat = rng.choice(["ground", "log", "stone"])
    bark = M.wood(rng, rgb("#7a5636"), 9, .8, 0, .8)
    stone = M.concrete(rng, rgb("#77726a"), .4)

    def layout(rng):
        if seat == "log":
            cylinder(1.5, .7, bark, edge=.08)
            return 0.7
        if seat == "stone":
            slab(rng, stone, 1.6, .5)
            return 0.5
        return 0.03
    return layout
