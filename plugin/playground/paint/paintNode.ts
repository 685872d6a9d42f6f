import type { Matrix } from "../document/matrix.ts";
import type { NodeRecord } from "../document/node.ts";
import { childrenOf, type Tree } from "../document/tree.ts";
import type { Bitmaps, Canvas2d } from "./canvas2d.ts";
import { cssColour } from "./colour.ts";
import { paintFill } from "./paintFill.ts";
import { paintText } from "./paintText.ts";
import { traceShape } from "./shape.ts";

/** Draws a layer and all inside it. The context's transform is that of the layer's container. */
export function paintNode(context: Canvas2d, tree: Tree, node: NodeRecord, bitmaps: Bitmaps): void {
  if (!node.visible || node.opacity === 0) return;
  const operation = operations[node.blendMode] ?? "source-over";
  const isPlain = node.opacity === 1 && operation === "source-over";
  if (isPlain) paintContents(context, tree, node, bitmaps);
  else inLayer(context, operation, node.opacity, (layer) => paintContents(layer, tree, node, bitmaps));
}

/** Draws the layers of a parent back to front; what lies before a mask shows only where the mask is. */
export function paintChildren(context: Canvas2d, tree: Tree, parent: NodeRecord, bitmaps: Bitmaps): void {
  const children = childrenOf(tree, parent);
  const maskIndex = children.findIndex(({ isMask, visible }) => isMask && visible);
  const behind = maskIndex === -1 ? children : children.slice(0, maskIndex);
  for (const child of behind) paintNode(context, tree, child, bitmaps);
  const mask = children[maskIndex];
  if (mask === undefined) return;
  inLayer(context, "source-over", 1, (layer) => {
    for (const child of children.slice(maskIndex + 1)) paintNode(layer, tree, child, bitmaps);
    inLayer(layer, "destination-in", 1, (shape) => paintNode(shape, tree, mask, bitmaps));
  });
}

function paintContents(context: Canvas2d, tree: Tree, node: NodeRecord, bitmaps: Bitmaps): void {
  if (node.type === "GROUP") {
    paintChildren(context, tree, node, bitmaps);
    return;
  }
  context.save();
  context.transform(...columns(node.transform));
  paintShadows(context, node);
  for (const fill of node.fills) {
    if (node.type === "TEXT") paintText(context, node, fill);
    else paintFill(context, node, fill, bitmaps);
  }
  if (node.clipsContent) {
    context.save();
    traceShape(context, node);
    context.clip();
  }
  paintChildren(context, tree, node, bitmaps);
  if (node.clipsContent) context.restore();
  paintStrokes(context, node);
  context.restore();
}

/** The shadow of the layer's box alone. Shadows of a canvas ignore its transform, so theirs is worked out here. */
function paintShadows(context: Canvas2d, node: NodeRecord): void {
  if (!node.fills.some(({ visible }) => visible ?? true) || node.type === "TEXT") return;
  const { a, b, c, d } = context.getTransform();
  const scale = Math.sqrt(Math.abs(a * d - b * c));
  for (const { visible, color, offset, radius } of node.effects) {
    if (!visible) continue;
    context.save();
    context.shadowColor = cssColour(color, color.a);
    context.shadowBlur = radius * scale;
    context.shadowOffsetX = a * offset.x + c * offset.y;
    context.shadowOffsetY = b * offset.x + d * offset.y;
    context.fillStyle = "#000";
    traceShape(context, node);
    context.fill();
    context.restore();
  }
}

function paintStrokes(context: Canvas2d, node: NodeRecord): void {
  const inset = { INSIDE: 0.5, CENTER: 0, OUTSIDE: -0.5 }[node.strokeAlign] * node.strokeWeight;
  for (const stroke of node.strokes) {
    if (stroke.type !== "SOLID" || stroke.visible === false) continue;
    context.save();
    context.strokeStyle = cssColour(stroke.color, stroke.opacity ?? 1);
    context.lineWidth = node.strokeWeight;
    traceShape(context, node, inset);
    context.stroke();
    context.restore();
  }
}

/** Draws on a canvas of its own, which is then laid on as a whole: opacity and blending of a layer and its children together. */
function inLayer(
  context: Canvas2d,
  operation: GlobalCompositeOperation,
  opacity: number,
  paint: (layer: Canvas2d) => void,
): void {
  const { width, height } = context.canvas;
  const layer = new OffscreenCanvas(width, height).getContext("2d");
  if (layer === null) throw new Error("the browser gives no canvas to draw on");
  layer.setTransform(context.getTransform());
  paint(layer);
  context.save();
  context.resetTransform();
  context.globalAlpha = opacity;
  context.globalCompositeOperation = operation;
  context.drawImage(layer.canvas, 0, 0);
  context.restore();
}

function columns([[a, c, e], [b, d, f]]: Matrix): [number, number, number, number, number, number] {
  return [a, b, c, d, e, f];
}

/** Figma's blend modes that a canvas has too. */
const operations: Readonly<Record<string, GlobalCompositeOperation>> = {
  MULTIPLY: "multiply",
  SCREEN: "screen",
  OVERLAY: "overlay",
  DARKEN: "darken",
  LIGHTEN: "lighten",
  COLOR_DODGE: "color-dodge",
  COLOR_BURN: "color-burn",
  HARD_LIGHT: "hard-light",
  SOFT_LIGHT: "soft-light",
  DIFFERENCE: "difference",
  EXCLUSION: "exclusion",
  HUE: "hue",
  SATURATION: "saturation",
  COLOR: "color",
  LUMINOSITY: "luminosity",
};
