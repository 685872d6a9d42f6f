"""Build one style group: shared scene and light, then one layout, product and camera per picture."""
import bpy
import numpy as np
from math import radians

import camera
import lights
import passes
import products
import scenes
from shade import rgb

TINTED = {"studio", "podium", "fabric", "marble table", "plaster wall"}


def draw(rng, lo_hi, power=1.0):
    """Uniform draw, skewed to the low end when power > 1."""
    lo, hi = lo_hi
    return float(lo + (hi - lo) * rng.random() ** power)


def stage(family, palette, light, rng):
    """Shared part of a group; returns (layout function, info)."""
    builder, colours, _, surround = scenes.FAMILIES[family]
    info = {"family": family, "palette": palette, "light": light, "extra": [], "pitch": (2, 20), "blur": (.02, .07),
            "gobo": None, "clouds": 0.0, "azim": None, "elev": None, "spread": 18, "haze": .12,
            "view": None}
    # A burgundy or charcoal set must stay dark: aim lower when one colour fills the frame.
    first = colours[palette][0] if isinstance(colours[palette], tuple) else colours[palette]
    lum = float(np.dot(rgb(first), (0.2126, 0.7152, 0.0722)))
    info["target"] = 0.42 * float(np.clip((lum / 0.35) ** 0.4, 0.4, 1.0)) if family in TINTED else 0.42
    layout = builder(rng, colours[palette], info)
    towards = lights.apply(light, rng, surround, clouds=info["clouds"], azim=info["azim"], sun_elev=info["elev"],
                           haze=info["haze"])
    view = bpy.context.scene.view_settings
    if info["view"]:
        view.view_transform, view.look = info["view"], "None"
        info["stops"] = info.get("stops", 0) - 0.35
    if info["gobo"] and "sun" in lights.LIGHTS[light]:
        lights.gobo(info["gobo"], rng, towards)
    else:
        info["gobo"] = None
    return layout, info


def clear(keep):
    """Delete the objects made since `keep` was taken."""
    for ob in [o for o in bpy.data.objects if o not in keep and o.type != "CAMERA"]:
        bpy.data.objects.remove(ob, do_unlink=True)


def picture(layout, info, product, rng, tmp, show=True):
    """One picture of a staged group; returns (passes, camera facts, exposure stops). `show` False leaves the product's place empty."""
    keep = set(bpy.data.objects)
    z0 = layout(rng)
    az = rng.uniform(-info["spread"], info["spread"])
    holder, parts = products.build(product, rng, radians(az + rng.uniform(-22, 22)))
    holder.location.z = z0 - 0.004
    cam = camera.place(parts, draw(rng, info["pitch"], 1.4), az, draw(rng, (50, 90)),
                       height=draw(rng, (.37, .63)), base=draw(rng, (.68, .9)), center=float(np.clip(rng.normal(.5, .07), .34, .66)),
                       blur=draw(rng, info["blur"]))
    for part in parts:
        part.hide_render = not show
    out = passes.shoot(tmp)
    stops = passes.exposure(out["rgb"], lights.LEVEL.get(info["light"], 0.0), info["target"]) + info.get("stops", 0.0)
    return out, cam, stops, keep
