"""Light set-ups.  Azimuth is measured from the camera side: 0 = behind the camera, 90 = right, 180 = behind the product.

Strengths are relative: render.py evens out the exposure of every image afterwards.
"""
import bpy
import numpy as np
from math import cos, radians, sin

from shade import math, mix, node, perlin, put, ramp, rgb

# sun: colour, strength, elevation range (deg), azimuth range (deg, side chosen at random), disc size (deg)
# sky: horizon, zenith, strength.  fill: colour of an even indoor surround.  soft: area-lamp colour, power.
LIGHTS = {
    "daylight": dict(sun=("#fff4e0", 2.6, (35, 60), (35, 110), 6), sky=("#cfe6fb", "#3f8ae2", 1.0), fill=("#eef3fa", 0.75)),
    "warm": dict(sun=("#ffc183", 3.8, (12, 26), (60, 125), 1.5), sky=("#ffc58c", "#8598c8", 0.6), fill=("#f0d8c8", 0.5), glow="#ffb070"),
    "morning": dict(sun=("#d9e8ff", 2.0, (16, 32), (50, 120), 3), sky=("#e4eefb", "#5d98e0", 0.95), fill=("#c6d8f2", 0.6), glow="#fff0e0"),
    "softbox": dict(soft=("#fffaf4", 1.0), sky=("#e9ecef", "#aebfd0", 0.7), fill=("#f2f2f4", 0.42)),
    "hardsun": dict(sun=("#fff1d6", 5.6, (36, 58), (30, 100), 0.4), sky=("#bcdcf8", "#1f6cd6", 0.8), fill=("#dfe8f5", 0.42)),
    "overcast": dict(sky=("#e4e8ec", "#b9c3ce", 1.2), sun=("#f2f5fa", 0.9, (50, 70), (20, 160), 40), fill=("#dde3ea", 0.9)),
    "moody": dict(soft=("#ffdcb0", 0.75), sky=("#3c4658", "#141a26", 0.5), fill=("#3a4252", 0.22), back=True),
    "bluehour": dict(sun=("#9fb6ff", 0.7, (25, 45), (60, 140), 12), sky=("#c58fb0", "#26407e", 0.7), fill=("#6f86c4", 0.5), glow="#ff9c8a"),
    "neon": dict(neon=True, sky=("#1a1c34", "#07070f", 0.5), fill=("#34344f", 0.45)),
    "lamplight": dict(soft=("#ffcb98", 1.0), sky=("#2a2430", "#101018", 0.4), fill=("#8a6a55", 0.4)),
}
# Stops that bring each set-up to a common level before the automatic exposure fine-tunes it.
LEVEL = {"softbox": -1.1, "hardsun": -0.3, "warm": 0.7, "morning": 0.3, "moody": 0.8, "bluehour": 1.4, "neon": 0.2, "lamplight": 0.3}
NEON = [("#ff2fa0", "#20a8ff"), ("#9a3cff", "#ff7a2f"), ("#22e0c8", "#ff3d6e"), ("#3f6bff", "#ffb52e")]


def direction(elev, azim):
    """Unit vector from the product towards a light (deg)."""
    e, a = radians(elev), radians(azim)
    return np.array([sin(a) * cos(e), -cos(a) * cos(e), sin(e)])


def aim(ob, toward):
    from mathutils import Vector
    ob.rotation_euler = Vector(toward).to_track_quat("-Z", "Y").to_euler()
    return ob


def area(loc, size, color, power, target=(0, 0, 1)):
    """Rectangular lamp at loc facing target; power is per dm2 of a size-10 lamp at 10 dm."""
    lamp = bpy.data.lights.new("a", "AREA")
    lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", size[0], size[1]
    lamp.color, lamp.energy = color, power
    ob = bpy.data.objects.new("a", lamp)
    bpy.context.scene.collection.objects.link(ob)
    ob.location, ob.visible_camera = loc, False
    return aim(ob, np.array(target) - np.array(loc))


def sun(color, strength, towards, size):
    lamp = bpy.data.lights.new("s", "SUN")
    lamp.color, lamp.energy, lamp.angle = color, strength, radians(size)
    ob = bpy.data.objects.new("s", lamp)
    bpy.context.scene.collection.objects.link(ob)
    return aim(ob, -towards)


def world(kind, spec, rng, towards, clouds, haze):
    """Sky (outdoor) or soft surround with a bright window side (indoor)."""
    w = bpy.data.worlds.new("w")
    bpy.context.scene.world = w
    w.use_nodes = True
    w.node_tree.nodes.clear()
    w.cycles.sampling_method, w.cycles.sample_map_resolution = "MANUAL", 64
    vec = node(w, "TexCoord").outputs["Generated"]
    if kind == "outdoor":
        hor, zen, power = rgb(spec["sky"][0]), rgb(spec["sky"][1]), spec["sky"][2]
        up = node(w, "SeparateXYZ", i0=vec).outputs[2]
        col = ramp(w, up, [(0.0, hor), (0.02 + haze, tuple(0.4 * h + 0.6 * z for h, z in zip(hor, zen))), (0.36, zen)])
        if clouds:
            flat = node(w, "Mapping", i0=vec, i1=tuple(rng.uniform(-9, 9, 3)), i3=(1.4, 1.4, 4.5)).outputs[0]
            puff = ramp(w, perlin(w, flat, 2.2, 5, 0.55, 0.3), [(0.48, 0.0), (0.66, 0.9)])
            lit = tuple(0.5 * h + 0.5 for h in hor) if power > 0.6 else tuple(min(1, 1.3 * h) for h in hor)
            col = mix(w, math(w, "MULTIPLY", puff, clouds), col, lit)
        if "glow" in spec:
            d = node(w, "VectorMath", {"operation": "DOT_PRODUCT"}, i0=vec, i1=tuple(towards)).outputs["Value"]
            halo = math(w, "POWER", math(w, "MAXIMUM", d, 0.0), 9.0)
            col = mix(w, math(w, "MULTIPLY", halo, 0.8), col, tuple(1.5 * c for c in rgb(spec["glow"])))
    else:
        tint, power = rgb(spec["fill"][0]), spec["fill"][1]
        d = node(w, "VectorMath", {"operation": "DOT_PRODUCT"}, i0=vec, i1=tuple(towards)).outputs["Value"]
        side = ramp(w, math(w, "ADD", math(w, "MULTIPLY", d, 0.5), 0.5), [(0.0, 0.45), (0.7, 0.8), (0.9, 1.8)])
        col = mix(w, 1.0, side, tint, "MULTIPLY")
    bg = node(w, "Background", Color=col, Strength=power)
    put(w.node_tree, node(w, "OutputWorld").inputs[0], bg)


def apply(name, rng, kind="indoor", side=None, sun_elev=None, clouds=0.0, haze=0.12, azim=None):
    """Light the scene; returns the unit vector towards the main light.

    kind 'outdoor' shows a sky, 'indoor' an even surround, 'studio' softens everything.
    """
    spec = LIGHTS[name]
    side = side or rng.choice([-1, 1])
    if "sun" in spec:
        color, power, elev, az, size = spec["sun"]
        towards = direction(sun_elev or rng.uniform(*elev), side * (azim or rng.uniform(*az)))
        sun(rgb(color), power, towards, size)
    else:
        az = rng.uniform(105, 140) if spec.get("back") else rng.uniform(40, 75)
        towards = direction(rng.uniform(35, 55), side * az)
    world(kind, spec, rng, towards, clouds, haze)
    if "soft" in spec:
        color, power = spec["soft"]
        spot = tuple(towards * 11 + np.array([0, 0, 1]))
        area(spot, (9, 9) if not spec.get("back") else (5, 8), rgb(color), 3400 * power)
        rim = direction(30, -side * 120) * 12
        area(tuple(rim), (2.5, 9), (1, 1, 1), 500 * power)
    if spec.get("neon"):
        a, b = NEON[rng.integers(len(NEON))]
        area(tuple(direction(25, side * 95) * 9), (3, 8), rgb(a), 1900)
        area(tuple(direction(25, -side * 100) * 9), (3, 8), rgb(b), 1900)
        area(tuple(direction(50, side * 20) * 11), (6, 6), (1.0, 0.95, 0.9), 1900)
    return towards


def gobo(kind, rng, towards, target=(0, 0, 1.5), distance=11.0):
    """Shadow-throwing screen between sun and scene ('window', 'blinds' or 'palm'); unseen by the camera."""
    from shapes import patches
    quads = []

    def bar(cx, cy, w, h, turn=0.0):
        c, s = cos(turn), sin(turn)
        quads.append([(cx + c * u - s * v, cy + s * u + c * v, 0) for u, v in
                      ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2))])
    if kind in ("window", "blinds"):
        half = 3.2 if kind == "window" else 4.2
        for k in (-1, 1):
            bar(k * (half + 20), 0, 40, 90)
            bar(0, k * (half * 1.4 + 20), 2 * half, 40)
        if kind == "window":
            bar(0, 0, 0.35, 12)
            for y in (-1.6, 1.6):
                bar(0, y, 9, 0.3)
        else:
            for y in np.arange(-7, 7, 1.0):
                bar(0, y, 9, 0.45)
    else:
        for _ in range(3):
            x, y, a = rng.uniform(-3, 3), rng.uniform(-3, 3), rng.uniform(0, 6.28)
            for t in np.linspace(0, 1, 16):
                cx, cy = x + cos(a) * (t * 7 - 3.5), y + sin(a) * (t * 7 - 3.5)
                n = 2.6 * (1 - 0.55 * t)
                for turn in (0.75, -0.75):
                    b = a + turn
                    bar(cx + cos(b) * n / 2, cy + sin(b) * n / 2, n, 0.22, b)
    ob = patches(quads)
    from shade import plain
    ob.data.materials.append(plain((0.02, 0.02, 0.02)))
    from mathutils import Matrix, Vector
    turn = Vector(towards).to_track_quat("Z", "Y").to_matrix().to_4x4()
    ob.matrix_world = Matrix.Translation(Vector(target) + Vector(towards) * distance) @ turn @ Matrix.Rotation(rng.uniform(-0.35, 0.35), 4, "Z")
    ob.visible_camera = ob.visible_diffuse = ob.visible_glossy = False
    return ob
