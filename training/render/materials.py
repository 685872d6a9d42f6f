"""Procedural surface materials.  Colours are linear RGB triples, lengths decimetres."""
from shade import (lookup, bsdf, bump, material, math, mix, node, noise, plain, position, ramp, surface)


def shades(color, dark=0.55, light=1.35):
    """(darker, same, lighter) versions of a linear colour."""
    return (tuple(c * dark for c in color), color, tuple(min(1.0, c * light) for c in color))


def wood(rng, color, plank=1.5, rough=0.4, coat=0.0, rustic=0.3):
    """Planks along x, `plank` dm wide; rustic 0..1 = wear and gap depth."""
    m = material()
    off = tuple(rng.uniform(-40, 40, 3))
    geo = node(m, "SeparateXYZ", i0=position(m, offset=(off[0], off[1], 0)))
    x, y, z = geo.outputs
    row = math(m, "DIVIDE", math(m, "ADD", y, math(m, "MULTIPLY", z, 0.3)), plank)
    rnd = node(m, "TexWhiteNoise", {"noise_dimensions": "1D"}, W=math(m, "FLOOR", row)).outputs[0]
    shift = math(m, "MULTIPLY", rnd, 53.0)
    vec = node(m, "CombineXYZ", i0=math(m, "ADD", math(m, "MULTIPLY", x, 0.13), shift), i1=y, i2=shift).outputs[0]
    base = noise(m, vec, 1.1, 3, 0.5, 0.6)
    rings = math(m, "PINGPONG", math(m, "MULTIPLY", base, 9.0), 1.0)
    fine = noise(m, node(m, "CombineXYZ", i0=math(m, "MULTIPLY", x, 0.9), i1=math(m, "MULTIPLY", y, 22.0), i2=shift).outputs[0], 1.0, 3, 0.6)
    fac = math(m, "ADD", math(m, "MULTIPLY", rings, 0.35), math(m, "MULTIPLY", fine, 0.55))
    fac = math(m, "ADD", fac, math(m, "MULTIPLY", math(m, "SUBTRACT", rnd, 0.5), 0.35), clamp=True)
    d, c, l = shades(color, 0.42, 1.45)
    col = ramp(m, fac, [(0.1, d), (0.42, c), (0.85, l)])
    gap = math(m, "LESS_THAN", math(m, "FRACT", row), 0.012 + 0.02 * rustic)
    col = mix(m, math(m, "MULTIPLY", gap, 0.85), col, (0.01, 0.007, 0.005))
    h = math(m, "SUBTRACT", math(m, "MULTIPLY", fine, 0.25 + rustic), math(m, "MULTIPLY", gap, 1.5))
    r = math(m, "ADD", rough - 0.1, math(m, "MULTIPLY", fine, 0.25))
    return surface(m, bsdf(m, col, r, coat=coat, normal=bump(m, h, 0.25 + 0.5 * rustic, 0.05)), color)


def marble(rng, base, vein, rough=0.12):
    m = material()
    vec = position(m, (1, 1, 1), tuple(rng.uniform(-50, 50, 3)), (0, 0, rng.uniform(0, 3)))
    warp = mix(m, 0.35, vec, lookup(m, vec, 0.5).outputs[0], "LINEAR_LIGHT")
    big = math(m, "ABSOLUTE", math(m, "SUBTRACT", noise(m, warp, 0.28, 4, 0.6, 0.6), 0.5))
    thin = math(m, "ABSOLUTE", math(m, "SUBTRACT", noise(m, warp, 0.7, 3, 0.55, 1.0), 0.5))
    cloud = noise(m, vec, 0.35, 3)
    col = mix(m, math(m, "MULTIPLY", cloud, 0.45 if sum(base) > 0.5 else 0.08), base, tuple(0.6 * b + 0.4 * v for b, v in zip(base, vein)))
    col = mix(m, ramp(m, big, [(0.0, 0.85), (0.035, 0.25), (0.1, 0.0)]), col, vein)
    col = mix(m, ramp(m, thin, [(0.0, 0.55), (0.018, 0.0)]), col, vein)
    return surface(m, bsdf(m, col, rough, coat=0.3), base)


def concrete(rng, color, pores=0.5, rough=0.8, joints=0.0):
    """Cast concrete, stone or plaster; joints > 0 adds panel seams every `joints` dm."""
    m = material()
    vec = position(m, offset=tuple(rng.uniform(-50, 50, 3)))
    big, mid = noise(m, vec, 0.16, 5, 0.6, 0.4), noise(m, vec, 1.6, 4, 0.65)
    fac = math(m, "ADD", math(m, "MULTIPLY", big, 0.65), math(m, "MULTIPLY", mid, 0.35))
    d, c, l = shades(color, 0.62, 1.3)
    col = ramp(m, fac, [(0.32, d), (0.5, c), (0.68, l)])
    hole = math(m, "MULTIPLY", ramp(m, noise(m, vec, 4.0), [(0.76, 0.0), (0.82, 1.0)]), pores)
    col = mix(m, math(m, "MULTIPLY", hole, 0.6), col, tuple(0.3 * x for x in color))
    h = math(m, "SUBTRACT", math(m, "MULTIPLY", mid, 0.6), hole)
    return surface(m, bsdf(m, col, rough, normal=bump(m, h, 0.35, 0.1)), color)


def plaster(rng, color, strength=0.3):
    """Trowelled wall: broad soft relief."""
    m = material()
    vec = position(m, offset=tuple(rng.uniform(-50, 50, 3)))
    h = math(m, "ADD", noise(m, vec, 0.7, 4, 0.6, 1.2), math(m, "MULTIPLY", noise(m, vec, 7.0, 2), 0.25))
    d, c, l = shades(color, 0.86, 1.1)
    col = ramp(m, noise(m, vec, 0.3, 3), [(0.35, d), (0.5, c), (0.65, l)])
    return surface(m, bsdf(m, col, 0.85, normal=bump(m, h, strength, 0.25)), color)


def bricks(rng, color, mortar, upright=True, size=(2.4, 0.75), gap=0.09, rough=0.8, vary=1.0, offset=0.5, coat=0.0):
    """Brick wall or tiles (vary=0, coat=1); size = brick width and height in dm."""
    m = material()
    rot = (1.5708, 0, 0) if upright else (0, 0, 0)
    vec = position(m, rotation=rot, offset=(rng.uniform(-9, 9), rng.uniform(-9, 9), 0))
    d, c, l = shades(color, 1 - 0.45 * vary, 1 + 0.4 * vary)
    soft = noise(m, vec, 2.5, 4, 0.65)
    tex = node(m, "TexBrick", {"offset": offset}, Vector=vec, Color1=d, Color2=l, Mortar=mortar, Scale=1.0,
               Mortar_Size=gap, Mortar_Smooth=0.25, Bias=0.0, Brick_Width=size[0], Row_Height=size[1])
    col = mix(m, 0.6 * vary, tex.outputs[0], ramp(m, soft, [(0.3, 0.35), (0.7, 1.0)]), "MULTIPLY")
    h = math(m, "SUBTRACT", math(m, "MULTIPLY", soft, 0.5 * vary), tex.outputs[1])
    r = rough if vary else math(m, "ADD", rough, math(m, "MULTIPLY", tex.outputs[1], 0.6))
    return surface(m, bsdf(m, col, r, coat=coat, normal=bump(m, h, 0.7, 0.12)), color)


def grains(rng, color, fine=14.0, patch=0.25, rough=0.9, strength=0.5, sparkle=0.0):
    """Sand, snow, soil: fine grain and soft patches."""
    m = material()
    vec = position(m, offset=tuple(rng.uniform(-50, 50, 3)))
    f, p = noise(m, vec, fine, 2, 0.7), noise(m, vec, 0.8, 4, 0.6)
    d, c, l = shades(color, 1 - patch, 1 + patch)
    col = ramp(m, math(m, "ADD", math(m, "MULTIPLY", f, 0.5), math(m, "MULTIPLY", p, 0.5)), [(0.36, d), (0.5, c), (0.64, l)])
    h = math(m, "ADD", math(m, "MULTIPLY", f, 0.5), p)
    return surface(m, bsdf(m, col, rough, normal=bump(m, h, strength, 0.12), sheen=sparkle), color)


def water(rng, color, ripple=0.25, scale=0.7, stretch=(1, 2.2, 1)):
    m = material()
    vec = position(m, stretch, tuple(rng.uniform(-50, 50, 3)))
    h = math(m, "ADD", noise(m, vec, scale, 3, 0.5, 0.4), math(m, "MULTIPLY", noise(m, vec, scale * 4, 2), 0.25))
    # Ripples far away would only be noise at 256 pixels: flatten them with distance.
    z = node(m, "CameraData").outputs["View Z Depth"]
    fade = math(m, "MULTIPLY", math(m, "MINIMUM", math(m, "DIVIDE", 22.0, z), 1.0), ripple)
    return surface(m, bsdf(m, color, 0.05, specular=0.6, normal=bump(m, h, fade, 0.5)), color)


def cloth(rng, color, weave=0.25, rough=0.75, sheen=0.5, fine=9.0):
    m = material()
    vec = position(m, offset=tuple(rng.uniform(-20, 20, 3)))
    w = [node(m, "TexWave", {"bands_direction": a}, Vector=vec, Scale=fine, Distortion=0.6).outputs[1] for a in "XY"]
    h = math(m, "ADD", *w)
    col = mix(m, math(m, "MULTIPLY", h, 0.2), color, tuple(0.7 * c for c in color))
    return surface(m, bsdf(m, col, rough, sheen=sheen, normal=bump(m, h, weave, 0.03)), color)


def satin(color):
    """Silk: soft sheen, gentle gloss."""
    return plain(color, 0.38, 0.0, 0.1, specular=0.35)


def foliage(rng, color, product=False):
    """Leaf or grass: colour differs from blade to blade, a little light passes through."""
    m = material(product)
    rnd = node(m, "NewGeometry").outputs["Random Per Island"]
    d, c, l = shades(color, 0.45, 1.6)
    col = ramp(m, rnd, [(0.0, d), (0.5, c), (1.0, l)])
    thru = node(m, "BsdfTranslucent", Color=col)
    return surface(m, node(m, "MixShader", i0=0.3, i1=bsdf(m, col, 0.5, specular=0.3), i2=thru))


def assorted(colors, rough=0.5):
    """One of several colours per mesh island (leaves, flowers, pebbles)."""
    m = material()
    rnd = node(m, "NewGeometry").outputs["Random Per Island"]
    nd = node(m, "ValToRGB", i0=rnd)
    nd.color_ramp.interpolation = "CONSTANT"
    col = ramp_stops(nd, colors)
    thru = node(m, "BsdfTranslucent", Color=col)
    return surface(m, node(m, "MixShader", i0=0.2, i1=bsdf(m, col, rough, specular=0.35), i2=thru))


def ramp_stops(nd, colors):
    """Fill a colour ramp node with equally spaced constant colours."""
    els = nd.color_ramp.elements
    while len(els) < len(colors):
        els.new(0.5)
    for k, (el, col) in enumerate(zip(els, colors)):
        el.position, el.color = k / len(colors), (*col, 1.0)
    return nd.outputs[0]
