"""Mesh shorthand (units: decimetres).  All functions return a new object linked to the scene."""
import bpy
import numpy as np
from math import cos, pi, sin


def mesh(verts, faces, mat=None, smooth=True, sharp=0.7, uvs=None):
    """Object from vertex and face lists; `sharp` = angle (rad) above which edges stay hard."""
    me = bpy.data.meshes.new("o")
    me.from_pydata([tuple(v) for v in verts], [], [tuple(f) for f in faces])
    if uvs is not None:
        layer = me.uv_layers.new()
        idx = np.empty(len(me.loops), np.int32)
        me.loops.foreach_get("vertex_index", idx)
        layer.data.foreach_set("uv", np.asarray(uvs, np.float32)[idx].ravel())
    if smooth:
        me.polygons.foreach_set("use_smooth", [True] * len(me.polygons))
        if sharp:
            me.set_sharp_from_angle(angle=sharp)
    ob = bpy.data.objects.new("o", me)
    bpy.context.scene.collection.objects.link(ob)
    for one in (mat if isinstance(mat, (list, tuple)) else [mat]):
        if one is not None:
            me.materials.append(one)
    return ob


def instance(ob, loc, rot=(0, 0, 0), scale=1.0):
    """Another object that shares the mesh of `ob`."""
    new = bpy.data.objects.new("i", ob.data)
    bpy.context.scene.collection.objects.link(new)
    return move(new, loc, rot, scale)


def move(ob, loc=(0, 0, 0), rot=(0, 0, 0), scale=1.0):
    ob.location, ob.rotation_euler = loc, rot
    ob.scale = (scale,) * 3 if isinstance(scale, (int, float)) else scale
    return ob


def grid(x0, x1, y0, y1, nx, ny, height=None, mat=None, warp=1.0):
    """Height field; `warp` > 1 puts more vertices near the origin; height(X, Y) -> Z arrays."""
    def axis(a, b, n):
        t = np.linspace(-1, 1, n)
        t = np.sign(t) * np.abs(t) ** warp
        return np.where(t < 0, -t * a, t * b) if a < 0 < b else np.linspace(a, b, n)
    X, Y = np.meshgrid(axis(x0, x1, nx), axis(y0, y1, ny))
    Z = height(X, Y) if height else np.zeros_like(X)
    i = np.arange(nx * ny).reshape(ny, nx)
    faces = np.stack([i[:-1, :-1], i[:-1, 1:], i[1:, 1:], i[1:, :-1]], -1).reshape(-1, 4)
    return mesh(np.stack([X, Y, Z], -1).reshape(-1, 3), faces.tolist(), mat, sharp=0)


def plane(x0, x1, y0, y1, z=0.0, mat=None):
    return mesh([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)], [(0, 1, 2, 3)], mat, smooth=False)


def wall(x0, x1, y, z0, z1, mat=None):
    """Upright plane facing the camera (-y)."""
    return mesh([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], [(0, 1, 2, 3)], mat, smooth=False)


def box(sx, sy, sz, mat=None, loc=(0, 0, 0), rot=0.0, bevel=0.05, segs=3):
    """Bevelled box standing on loc (z of loc = its bottom), turned `rot` rad about z."""
    x, y = sx / 2, sy / 2
    v = [(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0), (-x, -y, sz), (x, -y, sz), (x, y, sz), (-x, y, sz)]
    f = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    ob = mesh(v, f, mat, smooth=bevel > 0, sharp=0)
    if bevel > 0:
        mod = ob.modifiers.new("b", "BEVEL")
        mod.width, mod.segments, mod.harden_normals = bevel, segs, True
    return move(ob, loc, (0, 0, rot))


def lathe(profile, mat=None, segs=48, sharp=0.6, sx=1.0, sy=1.0, loc=(0, 0, 0)):
    """Surface of revolution of [(radius, z), ...]; sx, sy squash it to an ellipse."""
    ang = np.linspace(0, 2 * pi, segs, endpoint=False)
    verts = [(r * cos(a) * sx, r * sin(a) * sy, z) for r, z in profile for a in ang]
    faces = []
    for k in range(len(profile) - 1):
        for j in range(segs):
            n = (j + 1) % segs
            faces.append((k * segs + j, k * segs + n, (k + 1) * segs + n, (k + 1) * segs + j))
    ob = mesh(verts, faces, mat, sharp=sharp)
    return move(ob, loc)


def rounded(profile, radius, steps=4):
    """Round the inner corners of a profile polyline with arcs of about `radius` dm."""
    pts = [np.array(p, float) for p in profile]
    out = [tuple(pts[0])]
    for a, b, c in zip(pts, pts[1:], pts[2:]):
        la, lc = np.linalg.norm(a - b), np.linalg.norm(c - b)
        if min(la, lc) < 1e-6:
            out.append(tuple(b))
            continue
        r = min(radius, la * 0.45, lc * 0.45)
        p, q = b + (a - b) / la * r, b + (c - b) / lc * r
        for t in np.linspace(0, 1, steps + 1):
            out.append(tuple((1 - t) ** 2 * p + 2 * t * (1 - t) * b + t ** 2 * q))
    return out + [tuple(pts[-1])]


def cylinder(r, h, mat=None, loc=(0, 0, 0), edge=0.04, segs=64):
    """Capped cylinder with a rounded edge standing on loc."""
    prof = rounded([(0, 0), (r, 0), (r, h), (0, h)], edge)
    return lathe(prof, mat, segs, loc=loc)


def sphere(r, mat=None, loc=(0, 0, 0), segs=32):
    t = np.linspace(-pi / 2, pi / 2, segs // 2 + 1)
    return lathe([(abs(r * cos(a)) if abs(a) < 1.57 else 0, r * sin(a)) for a in t], mat, segs, sharp=0, loc=loc)


def tube(points, r, mat=None, segs=12):
    """Round tube of radius r along a polyline of 3-D points."""
    pts = np.array(points, float)
    tang = np.gradient(pts, axis=0)
    tang /= np.linalg.norm(tang, axis=1, keepdims=True)
    ref = np.eye(3)[np.abs(tang).max(0).argmin()]  # the axis that the tube never runs along
    verts = []
    for p, t in zip(pts, tang):
        u = np.cross(t, ref)
        u = u / (np.linalg.norm(u) + 1e-9)
        w = np.cross(u, t)
        verts += [p + r * (cos(a) * u + sin(a) * w) for a in np.linspace(0, 2 * pi, segs, endpoint=False)]
    faces = []
    for k in range(len(pts) - 1):
        for j in range(segs):
            n = (j + 1) % segs
            faces.append((k * segs + j, k * segs + n, (k + 1) * segs + n, (k + 1) * segs + j))
    n = len(pts)
    faces += [tuple(range(segs))[::-1], tuple(range((n - 1) * segs, n * segs))]
    return mesh(verts, faces, mat, sharp=0.9)


def patches(loops, mats=None, index=None):
    """Many separate polygons in one mesh: loops = array (n, k, 3); `index` = material of each."""
    loops = np.asarray(loops)
    n, k, _ = loops.shape
    ob = mesh(loops.reshape(-1, 3), np.arange(n * k).reshape(n, k).tolist(), mats, smooth=False)
    if index is not None:
        ob.data.polygons.foreach_set("material_index", np.asarray(index, np.int32))
    return ob


def smoothstep(a, b, x):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def waves(rng, count, low, high):
    """Smooth random height function of unit amplitude: sum of `count` sines, wavelengths low..high dm."""
    wl = rng.uniform(low, high, count)
    ang, ph = rng.uniform(0, 2 * pi, count), rng.uniform(0, 2 * pi, count)
    amp = wl / wl.sum()
    return lambda X, Y: sum(a * np.sin(2 * pi * (X * cos(t) + Y * sin(t)) / w + p)
                            for a, w, t, p in zip(amp, wl, ang, ph))
