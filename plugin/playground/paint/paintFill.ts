import { identity, invert, type Matrix, multiply } from "../document/matrix.ts";
import type { GradientPaint, ImagePaint, NodeRecord, Paint } from "../document/node.ts";
import type { Bitmaps, Canvas2d } from "./canvas2d.ts";
import { cssColour } from "./colour.ts";
import { traceShape } from "./shape.ts";

/** Fills a layer's shape with one paint, in the layer's own axes. */
export function paintFill(context: Canvas2d, node: NodeRecord, paint: Paint, bitmaps: Bitmaps): void {
  if (paint.visible === false) return;
  context.save();
  context.globalAlpha *= paint.opacity ?? 1;
  if (paint.type === "IMAGE") paintImage(context, node, paint, bitmaps);
  else {
    context.fillStyle = paint.type === "SOLID" ? cssColour(paint.color) : gradientStyle(context, node, paint);
    traceShape(context, node);
    context.fill();
  }
  context.restore();
}

function paintImage(context: Canvas2d, node: NodeRecord, paint: ImagePaint, bitmaps: Bitmaps): void {
  const bitmap = paint.imageHash === null ? undefined : bitmaps.get(paint.imageHash);
  if (bitmap === undefined) {
    context.fillStyle = "rgb(128 128 128 / 0.15)";
    traceShape(context, node);
    context.fill();
    return;
  }
  context.imageSmoothingQuality = "high";
  const isBox = node.type !== "ELLIPSE" && node.cornerRadius === 0;
  const isCovering = paint.scaleMode === "FILL" || paint.scaleMode === "CROP";
  // A clip would soften the edges of a picture that fills its box exactly.
  if (!isBox || !isCovering) {
    traceShape(context, node);
    context.clip();
  }
  switch (paint.scaleMode) {
    case "FILL":
      context.drawImage(bitmap, ...coverOf(node, bitmap), 0, 0, node.width, node.height);
      return;
    case "CROP":
      context.drawImage(bitmap, ...cropOf(paint, bitmap), 0, 0, node.width, node.height);
      return;
    case "FIT": {
      const scale = Math.min(node.width / bitmap.width, node.height / bitmap.height);
      const [width, height] = [bitmap.width * scale, bitmap.height * scale];
      context.drawImage(bitmap, (node.width - width) / 2, (node.height - height) / 2, width, height);
      return;
    }
    case "TILE": {
      const scale = paint.scalingFactor ?? 1;
      const pattern = context.createPattern(bitmap, "repeat");
      pattern?.setTransform(new DOMMatrix([scale, 0, 0, scale, 0, 0]));
      context.fillStyle = pattern ?? "transparent";
      context.fillRect(0, 0, node.width, node.height);
    }
  }
}

type SourceBox = readonly [x: number, y: number, width: number, height: number];

/** The largest centred part of the picture that has the layer's proportions. */
function coverOf(node: NodeRecord, bitmap: ImageBitmap): SourceBox {
  const scale = Math.min(bitmap.width / node.width, bitmap.height / node.height);
  const [width, height] = [node.width * scale, node.height * scale];
  return [(bitmap.width - width) / 2, (bitmap.height - height) / 2, width, height];
}

/** Upright crops only: that is all that the playground makes. */
function cropOf({ imageTransform = identity }: ImagePaint, bitmap: ImageBitmap): SourceBox {
  const [[width, , x], [, height, y]] = imageTransform;
  return [x * bitmap.width, y * bitmap.height, width * bitmap.width, height * bitmap.height];
}

/** Linear gradients run along x of their unit square; radial ones fill the circle in it. */
function gradientStyle(context: Canvas2d, node: NodeRecord, paint: GradientPaint): CanvasGradient {
  const unitToLayer: Matrix = [
    [node.width, 0, 0],
    [0, node.height, 0],
  ];
  const [[a, c, e], [b, d, f]] = multiply(unitToLayer, invert(paint.gradientTransform));
  const point = (x: number, y: number) => [a * x + c * y + e, b * x + d * y + f] as const;
  const [centre, edge] = [point(0.5, 0.5), point(1, 0.5)];
  const radius = Math.hypot(edge[0] - centre[0], edge[1] - centre[1]);
  const gradient =
    paint.type === "GRADIENT_LINEAR"
      ? context.createLinearGradient(...point(0, 0.5), ...edge)
      : context.createRadialGradient(...centre, 0, ...centre, radius);
  for (const { position, color } of paint.gradientStops) gradient.addColorStop(position, cssColour(color, color.a));
  return gradient;
}
