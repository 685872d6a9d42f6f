import { absoluteBoundingBox, drawnBounds, isShown } from "./geometry.ts";
import type { NodeRecord } from "./node.ts";
import type { Tree } from "./tree.ts";

export interface ExportConstraint {
  readonly type: "SCALE" | "WIDTH" | "HEIGHT";
  readonly value: number;
}

/** Which part of the page an export shows, and how large. */
export interface ExportRegion {
  /** of the page, px; the picture's top left corner */
  readonly x: number;
  readonly y: number;
  /** px of the picture to one px of the page */
  readonly scale: number;
  /** of the picture, whole px */
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * At a given scale the box is widened to whole px of the picture, as Figma does, so that a layer at a fraction of a px is one px
 * larger; a given width or height is met exactly.
 */
export function exportRegion(
  tree: Tree,
  node: NodeRecord,
  constraint: ExportConstraint,
  useAbsoluteBounds: boolean,
): ExportRegion {
  const drawn = isShown(tree, node) ? drawnBounds(tree, node) : null;
  if (drawn === null) throw new Error("Failed to export node. This node may not have any visible layers.");
  const box = useAbsoluteBounds ? absoluteBoundingBox(tree, node) : drawn;
  if (constraint.type === "SCALE") {
    const scale = constraint.value;
    const [left, right] = outward(box.x * scale, (box.x + box.width) * scale);
    const [top, bottom] = outward(box.y * scale, (box.y + box.height) * scale);
    return { x: left / scale, y: top / scale, scale, widthPx: right - left, heightPx: bottom - top };
  }
  const scale = constraint.value / (constraint.type === "WIDTH" ? box.width : box.height);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { x: box.x, y: box.y, scale, widthPx: side(box.width), heightPx: side(box.height) };
}

/** Rounding errors do not make a picture larger. */
function outward(from: number, to: number): readonly [number, number] {
  const start = Math.floor(from + 1e-6);
  return [start, Math.max(start + 1, Math.ceil(to - 1e-6))];
}
