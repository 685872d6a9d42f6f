import { frameSidePx, type Size } from "../../shared/geometry.ts";
import type { ExportedPicture, PictureSlot } from "../messages.ts";
import { HostFailure, reasonOf } from "./hostFailure.ts";
import { renderBounds } from "./layers.ts";

/** The layer at its own size, or smaller so that no side is longer than `maxSidePx`. */
export function exportCapped(layer: SceneNode, slot: PictureSlot, maxSidePx: number): Promise<ExportedPicture> {
  const { width, height } = visibleBounds(layer, slot);
  const longest = Math.ceil(Math.max(width, height));
  if (longest <= maxSidePx) return exportPicture(layer, slot, { type: "SCALE", value: 1 });
  return exportPicture(layer, slot, { type: width >= height ? "WIDTH" : "HEIGHT", value: maxSidePx });
}

/** The layer at `scale` px of the picture to one of the document. */
export function exportScaled(layer: SceneNode, slot: PictureSlot, scale: number): Promise<ExportedPicture> {
  return exportPicture(layer, slot, { type: "SCALE", value: scale });
}

/** What is seen of the layer, in the page; a failure when nothing is. */
export function visibleBounds(layer: SceneNode, slot: PictureSlot): Rect {
  const bounds = renderBounds(layer);
  if (bounds !== null && bounds.width > 0 && bounds.height > 0) return bounds;
  throw new HostFailure(
    "layer_invisible",
    `Nothing of “${layer.name}” is visible. Show the layer, or choose another one.`,
    { slot },
  );
}

/** Width and height from the header of a PNG; null when it is none. Nothing beyond the first 24 bytes is read. */
export function pngSize(bytes: Uint8Array): Size | null {
  const [, p, n, g] = bytes;
  if (bytes.length < 24 || p !== 0x50 || n !== 0x4e || g !== 0x47) return null;
  return { width: uint32At(bytes, 16), height: uint32At(bytes, 20) };
}

async function exportPicture(
  layer: SceneNode,
  slot: PictureSlot,
  constraint: ExportSettingsConstraints,
): Promise<ExportedPicture> {
  const bytes = await exportPng(layer, slot, constraint);
  const sizePx = pngSize(bytes);
  if (sizePx === null) throw exportFailed(layer, slot, "Figma returned no PNG");
  if (Math.max(sizePx.width, sizePx.height) > frameSidePx.max) {
    throw new HostFailure(
      "picture_too_large",
      `“${layer.name}” is ${sizePx.width} × ${sizePx.height} px; up to ${frameSidePx.max} px a side are possible. Make the layer smaller.`,
      { slot },
    );
  }
  return { bytes, sizePx };
}

async function exportPng(
  layer: SceneNode,
  slot: PictureSlot,
  constraint: ExportSettingsConstraints,
): Promise<Uint8Array> {
  try {
    return await layer.exportAsync({ format: "PNG", constraint, contentsOnly: true, colorProfile: "SRGB" });
  } catch (thrown) {
    throw exportFailed(layer, slot, reasonOf(thrown), thrown);
  }
}

function exportFailed(layer: SceneNode, slot: PictureSlot, reason: string, cause?: unknown): HostFailure {
  return new HostFailure(
    "export_failed",
    `“${layer.name}” could not be exported: ${reason}. Try again, or flatten the layer first.`,
    { slot, cause },
  );
}

function uint32At(bytes: Uint8Array, offset: number): number {
  let value = 0;
  for (let i = offset; i < offset + 4; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
