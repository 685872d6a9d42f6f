"""Cycles settings, one render, and the three files it leaves behind."""
import os

import bpy
import numpy as np
import OpenEXR
from PIL import Image


def fresh(size=256, samples=8, transparent=False, threads=2, look="AgX - High Contrast"):
    """Empty Blender file with the render settings of this project."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sc = bpy.context.scene
    sc.render.engine = "CYCLES"
    r, c = sc.render, sc.cycles
    r.resolution_x = r.resolution_y = size
    r.resolution_percentage = 100
    r.film_transparent = transparent
    r.use_persistent_data = True
    r.use_compositing = r.use_sequencer = False
    if threads:
        r.threads_mode, r.threads = "FIXED", threads
    c.device, c.samples = "CPU", samples
    c.use_adaptive_sampling = False
    c.use_denoising, c.denoiser = True, "OPENIMAGEDENOISE"
    c.denoising_input_passes, c.denoising_prefilter, c.denoising_quality = "RGB_ALBEDO_NORMAL", "FAST", "HIGH"
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = 4, 2, 2
    c.transmission_bounces, c.transparent_max_bounces, c.volume_bounces = 2, 4, 0
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect, c.blur_glossy = 4.0, 0.5
    c.use_light_tree = False
    sc.view_settings.view_transform, sc.view_settings.look = "AgX", look
    layer = sc.view_layers[0]
    for name in ("disp", "product"):
        aov = layer.aovs.add()
        aov.name, aov.type = name, "VALUE"
    return sc


def shoot(tmp):
    """Render and return {"rgb": linear (h, w, 3), "alpha", "disp", "product"} as float32 arrays."""
    bpy.ops.render.render(write_still=False)
    sc = bpy.context.scene
    img = sc.render.image_settings
    img.file_format, img.color_depth, img.exr_codec = "OPEN_EXR_MULTILAYER", "32", "NONE"
    bpy.data.images["Render Result"].save_render(tmp, scene=sc)
    out = {}
    with OpenEXR.File(tmp, separate_channels=True) as exr:
        ch = exr.channels()
        for name, arr in ((n, c.pixels) for n, c in ch.items()):
            key = name.split(".", 1)[-1]
            if key in ("Combined.R", "Combined.G", "Combined.B", "Combined.A"):
                out[key[-1]] = np.array(arr, np.float32)
            elif key.split(".")[0] in ("disp", "product"):
                out[key.split(".")[0]] = np.array(arr, np.float32)
    os.remove(tmp)
    return {"rgb": np.stack([out["R"], out["G"], out["B"]], -1), "alpha": out["A"],
            "disp": out["disp"], "product": out["product"]}


def exposure(rgb, start=0.0, target=0.42, pull=0.62):
    """Stops that bring the picture's middle brightness towards `target` (pull 1 = fully) from `start` stops."""
    lum = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    key = 0.6 * np.exp(np.log(lum + 1e-3).mean()) + 0.4 * np.percentile(lum, 80) * 0.6
    return float(np.clip(start + pull * (np.log2(target / max(key, 1e-4)) - start), -5, 5))


def save_view(path, stops, quality=90, kind="PNG"):
    """Write the last render through the view transform, `stops` brighter."""
    sc = bpy.context.scene
    sc.view_settings.exposure = stops
    img = sc.render.image_settings
    img.file_format, img.quality = kind, quality
    img.color_mode = "RGBA" if sc.render.film_transparent else "RGB"
    if kind == "PNG":
        img.color_depth = "8"
    bpy.data.images["Render Result"].save_render(path, scene=sc)


def depth16(disp):
    """Inverse depth, nearest visible point = 65535, sky = 0."""
    top = np.percentile(disp, 99.9)
    return np.round(np.clip(disp / max(top, 1e-9), 0, 1) * 65535).astype(np.uint16)


def write_gray(path, arr):
    Image.fromarray(arr).save(path, "PNG")


def mask8(product):
    return np.round(np.clip(product, 0, 1) * 255).astype(np.uint8)
