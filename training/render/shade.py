"""Shader-node shorthand: every material in the renderer is built from these few functions.

Every material writes two render passes of its own (AOVs): "disp", the inverse camera depth, and
"product", 1 on the product.  Both are averaged over the camera samples, so they are antialiased
and follow the lens blur, which the built-in Z and object-index passes do not.
"""
import functools

import bpy
import numpy as np

CELLS, PIXELS = 32, 512  # noise sheet: base cells across, pixels across


def rgb(code):
    """'#rrggbb' (sRGB) -> linear (r, g, b) floats."""
    vals = [int(code.lstrip("#")[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in vals)


def put(tree, socket, value):
    """Link a node or socket into `socket`, or set its default value."""
    if isinstance(value, bpy.types.Node):
        value = value.outputs[0]
    if isinstance(value, bpy.types.NodeSocket):
        tree.links.new(value, socket)
        return
    if isinstance(value, (tuple, list)) and socket.type == "RGBA" and len(value) == 3:
        value = (*value, 1.0)
    socket.default_value = value


def node(m, kind, props=None, **inputs):
    """Add ShaderNode<kind> to material/world `m`; inputs by name ('_' = space) or index ('i0')."""
    tree = m.node_tree
    nd = tree.nodes.new("ShaderNode" + kind)
    for key, value in (props or {}).items():
        setattr(nd, key, value)
    for key, value in inputs.items():
        slot = nd.inputs[int(key[1:])] if key[0] == "i" and key[1:].isdigit() else nd.inputs[key.replace("_", " ")]
        put(tree, slot, value)
    return nd


def material(product=False):
    """An empty material with the pass outputs in place; call `surface` to finish it."""
    m = bpy.data.materials.new("m")
    m.use_nodes = True
    m.node_tree.nodes.clear()
    z = node(m, "CameraData").outputs["View Z Depth"]
    node(m, "OutputAOV", {"aov_name": "disp"}, Value=math(m, "DIVIDE", 1.0, z))
    if product:
        node(m, "OutputAOV", {"aov_name": "product"}, Value=1.0)
    return m


def surface(m, shader, distant=None):
    """Connect `shader` to the material output and return the material.

    `distant`: plain colour that light bouncing off other surfaces sees instead; it spares the shader
    network on most of the path (a third of the render time) and nobody can tell.
    """
    if distant is not None:
        bounce = node(m, "LightPath").outputs["Is Diffuse Ray"]
        shader = node(m, "MixShader", i0=bounce, i1=shader, i2=node(m, "BsdfDiffuse", Color=distant))
    node(m, "OutputMaterial", Surface=shader)
    return m


def math(m, op, a, b=0.0, clamp=False):
    return node(m, "Math", {"operation": op, "use_clamp": clamp}, i0=a, i1=b).outputs[0]


def mix(m, fac, a, b, blend="MIX"):
    """Colour mix of a and b."""
    return node(m, "Mix", {"data_type": "RGBA", "blend_type": blend}, i0=fac, i6=a, i7=b).outputs[2]


def ramp(m, fac, stops):
    """Colour ramp; stops = [(position, linear rgb or grey float), ...]."""
    nd = node(m, "ValToRGB", i0=fac)
    elements = nd.color_ramp.elements
    while len(elements) < len(stops):
        elements.new(0.5)
    for el, (pos, col) in zip(elements, stops):
        el.position = pos
        el.color = (*((col,) * 3 if isinstance(col, (int, float)) else col), 1.0)
    return nd.outputs[0]


def position(m, scale=(1, 1, 1), offset=(0, 0, 0), rotation=(0, 0, 0)):
    """World position (dm), mapped."""
    geo = node(m, "NewGeometry").outputs["Position"]
    return node(m, "Mapping", i0=geo, i1=offset, i2=rotation, i3=scale).outputs[0]


def perlin(m, vec, scale, detail=3.0, rough=0.5, distortion=0.0):
    """Blender's own noise: true 3-D, slow."""
    return node(m, "TexNoise", Vector=vec, Scale=scale, Detail=detail, Roughness=rough,
                Distortion=distortion).outputs[0]


@functools.lru_cache(4)
def sheet(seed=1):
    """Repeating gradient noise, 4 independent channels of 4 octaves, mean 0.5, deviation 0.12."""
    rng = np.random.default_rng(seed)
    total = np.zeros((PIXELS, PIXELS, 4), np.float32)
    t = np.arange(PIXELS) / PIXELS
    for octave in range(4):
        n = CELLS << octave
        ang = rng.uniform(0, 2 * np.pi, (n, n, 4))
        gx, gy = np.cos(ang), np.sin(ang)
        p = t * n
        i, f = p.astype(int), (p % 1)
        w = f ** 3 * (f * (f * 6 - 15) + 10)
        X, Y = f[None, :, None], f[:, None, None]
        wx, wy = w[None, :, None], w[:, None, None]

        def corner(dy, dx):
            a, b = ((i + dy) % n)[:, None], ((i + dx) % n)[None]
            return gx[a, b] * (X - dx) + gy[a, b] * (Y - dy)
        low = corner(0, 0) * (1 - wx) + corner(0, 1) * wx
        high = corner(1, 0) * (1 - wx) + corner(1, 1) * wx
        total += ((low * (1 - wy) + high * wy) * 0.55 ** octave).astype(np.float32)
    return 0.5 + 0.12 * total / total.std((0, 1))


def lookup(m, vec, scale):
    """Image node showing the noise sheet at `vec` (floors by x and y, walls by x and z)."""
    img = bpy.data.images.get("noise")
    if img is None:
        img = bpy.data.images.new("noise", PIXELS, PIXELS, alpha=True, float_buffer=True, is_data=True)
        img.alpha_mode = "CHANNEL_PACKED"
        img.pixels.foreach_set(sheet().ravel())
        img.update()
    x, y, z = node(m, "SeparateXYZ", i0=vec).outputs
    k = scale / CELLS
    uv = node(m, "CombineXYZ", i0=math(m, "MULTIPLY", x, k), i1=math(m, "MULTIPLY", math(m, "ADD", y, z), k))
    return node(m, "TexImage", {"image": img, "interpolation": "Cubic"}, Vector=uv)


def noise(m, vec, scale, detail=3.0, rough=0.5, distortion=0.0):
    """Noise read from the sheet, far cheaper than computing it; detail and rough are nominal."""
    if distortion:
        off = node(m, "VectorMath", {"operation": "SUBTRACT"}, i0=lookup(m, vec, scale).outputs[0], i1=(0.5, 0.5, 0.5))
        vec = node(m, "VectorMath", {"operation": "MULTIPLY_ADD"}, i0=off, i1=(1.4 * distortion / scale,) * 3, i2=vec).outputs[0]
    return lookup(m, vec, scale).outputs[1]


def bump(m, height, strength=0.3, distance=0.1):
    return node(m, "Bump", Strength=strength, Distance=distance, Height=height).outputs[0]


def bsdf(m, color, rough=0.5, metal=0.0, coat=0.0, normal=None, sheen=0.0, specular=0.5, **more):
    """Principled shader socket."""
    args = {"Base_Color": color, "Roughness": rough, "Metallic": metal, "Coat_Weight": coat,
            "Coat_Roughness": 0.08, "Sheen_Weight": sheen, "Specular_IOR_Level": specular, **more}
    if normal is not None:
        args["Normal"] = normal
    return node(m, "BsdfPrincipled", **args).outputs[0]


def plain(color, rough=0.5, metal=0.0, coat=0.0, product=False, **more):
    """One-colour material."""
    m = material(product)
    return surface(m, bsdf(m, color, rough, metal, coat, **more))


def glow(color, strength):
    """Emitting material."""
    m = material()
    return surface(m, node(m, "Emission", Color=color, Strength=strength))
