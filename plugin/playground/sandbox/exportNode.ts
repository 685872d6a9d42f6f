import { type ExportConstraint, exportRegion } from "../document/exportRegion.ts";
import { absoluteTransform, containerOf } from "../document/geometry.ts";
import type { NodeRecord } from "../document/node.ts";
import { descendantsOf, type Tree } from "../document/tree.ts";
import { paintNode } from "../paint/paintNode.ts";
import type { Pictures } from "./pictures.ts";

export interface ExportSettings {
  readonly format: "PNG" | "JPG";
  readonly constraint: ExportConstraint;
  readonly useAbsoluteBounds: boolean;
}

/** Draws a layer and all inside it as it is seen on the page, rotation included, and encodes it. */
export async function exportNode(
  tree: Tree,
  node: NodeRecord,
  settings: ExportSettings,
  pictures: Pictures,
): Promise<Uint8Array> {
  const region = exportRegion(tree, node, settings.constraint, settings.useAbsoluteBounds);
  const bitmaps = await pictures.decode(hashesIn(tree, node));
  const canvas = new OffscreenCanvas(region.widthPx, region.heightPx);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("Failed to export node. The picture would be too large.");
  if (settings.format === "JPG") {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, region.widthPx, region.heightPx);
  }
  context.scale(region.scale, region.scale);
  context.translate(-region.x, -region.y);
  const container = containerOf(tree, node);
  if (container !== undefined) {
    const [[a, c, e], [b, d, f]] = absoluteTransform(tree, container);
    context.transform(a, b, c, d, e, f);
  }
  paintNode(context, tree, node, bitmaps);
  const type = settings.format === "PNG" ? "image/png" : "image/jpeg";
  const blob = await canvas.convertToBlob({ type, quality: 0.92 });
  return new Uint8Array(await blob.arrayBuffer());
}

function hashesIn(tree: Tree, node: NodeRecord): readonly string[] {
  const paints = [node, ...descendantsOf(tree, node)].flatMap(({ fills }) => fills);
  return paints.flatMap((paint) => (paint.type === "IMAGE" && paint.imageHash !== null ? [paint.imageHash] : []));
}
