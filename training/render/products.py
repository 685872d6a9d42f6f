"""The table of product shapes, and `build`, which gathers the objects of one product under one empty."""
import bpy

import containers
import goods

PRODUCTS = {
    "bottle": containers.bottle,
    "perfume": containers.perfume,
    "jar": containers.jar,
    "tube": containers.squeeze_tube,
    "can": containers.can,
    "mug": containers.mug,
    "carton": containers.carton,
    "milk carton": containers.milk_carton,
    "gift boxes": containers.stacked_boxes,
    "speaker": containers.speaker,
    "pump bottle": containers.pump,
    "sneaker": goods.sneaker,
    "handbag": goods.handbag,
    "candle": goods.candle,
    "bowl": goods.bowl,
    "spray can": goods.spray,
    "flask": goods.flask,
    "vase": goods.vase,
    "lipstick": goods.lipstick,
}



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
