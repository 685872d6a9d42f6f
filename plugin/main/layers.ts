import type { Rect } from "../../shared/geometry.ts";
import type { LayerInfo } from "../messages.ts";
import { type Affine, identity } from "./transforms.ts";

export type Parent = BaseNode & ChildrenMixin;

export function layerInfo(layer: SceneNode): LayerInfo {
  const { id, name, type, width, height } = layer;
  return { id, name, type, size: { width, height } };
}

/** The layer with this id in any page, or null when it is gone. */
export async function findLayer(id: string): Promise<SceneNode | null> {
  const node = await figma.getNodeByIdAsync(id);
  return node === null || node.removed || node.type === "DOCUMENT" || node.type === "PAGE" ? null : node;
}

/** From the parent up to the page. */
export function ancestorsOf(layer: SceneNode): readonly Parent[] {
  const ancestors: Parent[] = [];
  for (let node = layer.parent; node !== null && node.type !== "DOCUMENT"; node = node.parent) ancestors.push(node);
  return ancestors;
}

export function pageOf(layer: SceneNode): PageNode | null {
  return ancestorsOf(layer).find((node): node is PageNode => node.type === "PAGE") ?? null;
}

/** The frame, or whatever else holds layers like one, that the layer lies in; null directly on the page. */
export function enclosingFrame(layer: SceneNode): SceneNode | null {
  for (const node of ancestorsOf(layer)) {
    if (node.type === "FRAME" || node.type === "COMPONENT" || node.type === "INSTANCE" || node.type === "SECTION") {
      return node;
    }
  }
  return null;
}

/** What `relativeTransform` of the children of `parent` is relative to, in the page. Groups pass it on to what they lie in. */
export function childSpace(parent: Parent): Affine {
  for (let node: Parent | null = parent; node !== null; node = node.parent) {
    if (node.type === "PAGE" || node.type === "DOCUMENT") return identity;
    const passesOn = node.type === "GROUP" || node.type === "BOOLEAN_OPERATION" || node.type === "TRANSFORM_GROUP";
    if (!passesOn && "absoluteTransform" in node) return node.absoluteTransform;
  }
  return identity;
}

/** What is seen of the layer, in the page: with shadows and strokes. Null when nothing is. */
export function renderBounds(layer: SceneNode): Rect | null {
  return "absoluteRenderBounds" in layer ? layer.absoluteRenderBounds : layer.absoluteBoundingBox;
}

export function isAutoLayout(node: Parent): boolean {
  return "layoutMode" in node && node.layoutMode !== "NONE";
}
