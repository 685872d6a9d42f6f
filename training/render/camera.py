"""Frame the product: choose distance and lens shift so that it has a wanted height and base line in the picture."""
import bpy
import numpy as np
from math import cos, radians, sin
from mathutils import Matrix, Vector


def corners(parts):
    """World coordinates (n, 3) of all vertices of the product."""
    bpy.context.view_layer.update()
    return np.array([tuple(ob.matrix_world @ v.co) for ob in parts for v in ob.data.vertices])


def place(parts, pitch, azimuth, lens, height, base, center, blur, max_width=0.66):
    """Set up the scene camera.

    pitch, azimuth: deg (looking down, turned about the product); lens: mm on a 36 mm square sensor;
    height, base, center: product height, base line and horizontal centre as fractions of the frame;
    blur: size of the blur disc at infinity as a fraction of the frame.
    """
    sc = bpy.context.scene
    if sc.camera is None:
        sc.camera = bpy.data.objects.new("cam", bpy.data.cameras.new("cam"))
        sc.collection.objects.link(sc.camera)
    ob, cam = sc.camera, sc.camera.data
    pts = corners(parts)
    mid = (pts.min(0) + pts.max(0)) / 2
    p, a = radians(pitch), radians(azimuth)
    view = np.array([-sin(a) * cos(p), cos(a) * cos(p), -sin(p)])
    right = np.array([cos(a), sin(a), 0.0])
    up = np.cross(right, view)
    f = lens / 36.0  # picture-plane units: the frame is 1 wide
    dist = 8.0
    for _ in range(4):
        rel = pts - (mid - view * dist)
        z = rel @ view
        x, y = rel @ right / z * f, rel @ up / z * f
        dist *= max(np.ptp(y) / height, np.ptp(x) / max_width)
    rel = pts - (mid - view * dist)
    z = rel @ view
    x, y = rel @ right / z * f, rel @ up / z * f
    m = Matrix((tuple(right), tuple(up), tuple(-view))).transposed().to_4x4()
    ob.matrix_world = Matrix.Translation(Vector(mid - view * dist)) @ m
    cam.lens, cam.sensor_width, cam.sensor_height, cam.sensor_fit = lens, 36, 36, "HORIZONTAL"
    cam.clip_start, cam.clip_end = 0.1, 5000
    cam.shift_x = (x.min() + x.max()) / 2 - (center - 0.5)
    cam.shift_y = y.min() - (0.5 - base)
    # Focus on the front third of the product; blur disc / frame = aperture / (frame width at focus).
    focus = float(np.percentile(z, 30))
    cam.dof.use_dof = blur > 0
    cam.dof.focus_distance = focus
    if blur > 0:
        aperture = blur * focus / f
        cam.dof.aperture_fstop = lens * 1e-3 / aperture
    return {"pitch": round(float(pitch), 1), "azimuth": round(float(azimuth), 1), "lens": round(float(lens), 1),
            "distance": round(float(dist), 2), "blur": round(float(blur), 3)}
