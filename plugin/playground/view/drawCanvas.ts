import { absoluteBoundingBox, absoluteTransform } from "../document/geometry.ts";
import { apply, type Box, type Point } from "../document/matrix.ts";
import type { NodeRecord } from "../document/node.ts";
import { childrenOf, find, firstPageId, nodeOf, type Tree } from "../document/tree.ts";
import type { Bitmaps } from "../paint/canvas2d.ts";
import { paintChildren } from "../paint/paintNode.ts";
import type { Camera, CanvasSize } from "./camera.ts";
import type { Theme } from "./figmaColors.ts";

export interface Scene {
  readonly tree: Tree;
  readonly selection: readonly string[];
  readonly hoveredId: string | null;
  /** px of the page */
  readonly marquee: Box | null;
  readonly dropFrameId: string | null;
  readonly bitmaps: Bitmaps;
  readonly camera: Camera;
  readonly size: CanvasSize;
  readonly theme: Theme;
  readonly pixelRatio: number;
}

const blue = "#0d99ff";
const canvasColors: Readonly<Record<Theme, string>> = { light: "#f0f0f0", dark: "#1e1e1e" };
const nameColors: Readonly<Record<Theme, string>> = { light: "rgb(0 0 0 / 0.5)", dark: "rgb(255 255 255 / 0.6)" };
const font = "11px Inter, system-ui, sans-serif";
const cornerSidePx = 7;
const minNameRoomPx = 24;

/** The page with everything on it, then what the editor lays over: names of frames, outlines, the selection and its size. */
export function drawCanvas(context: CanvasRenderingContext2D, scene: Scene): void {
  const { tree, camera, size, pixelRatio, theme } = scene;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.fillStyle = canvasColors[theme];
  context.fillRect(0, 0, size.width, size.height);
  const page = nodeOf(tree, firstPageId);
  context.save();
  context.translate(size.width / 2, size.height / 2);
  context.scale(camera.zoom, camera.zoom);
  context.translate(-camera.center.x, -camera.center.y);
  paintChildren(context, tree, page, scene.bitmaps);
  context.restore();

  for (const node of childrenOf(tree, page)) if (node.type === "FRAME" && node.visible) drawName(context, scene, node);
  for (const node of layersOf(tree, [scene.hoveredId, scene.dropFrameId])) outline(context, scene, node, 2);
  const selected = layersOf(tree, scene.selection);
  for (const node of selected) outline(context, scene, node, 1);
  const [only, ...others] = selected;
  if (only !== undefined && others.length === 0) {
    drawCorners(context, scene, only);
    drawSize(context, scene, only);
  }
  if (scene.marquee !== null) drawMarquee(context, scene, scene.marquee);
}

function layersOf(tree: Tree, ids: readonly (string | null)[]): readonly NodeRecord[] {
  return ids.flatMap((id) => (id === null ? [] : (find(tree, id) ?? [])));
}

function toScreen({ camera, size }: Scene, { x, y }: Point): Point {
  return {
    x: (x - camera.center.x) * camera.zoom + size.width / 2,
    y: (y - camera.center.y) * camera.zoom + size.height / 2,
  };
}

/** Clockwise from the top left. */
function cornersOf(scene: Scene, node: NodeRecord): readonly [Point, Point, Point, Point] {
  const matrix = absoluteTransform(scene.tree, node);
  const { width, height } = node;
  const corner = (x: number, y: number) => toScreen(scene, apply(matrix, { x, y }));
  return [corner(0, 0), corner(width, 0), corner(width, height), corner(0, height)];
}

function drawName(context: CanvasRenderingContext2D, scene: Scene, node: NodeRecord): void {
  const { x, y } = toScreen(scene, absoluteBoundingBox(scene.tree, node));
  const room = node.width * scene.camera.zoom;
  if (room < minNameRoomPx) return;
  const isChosen = scene.selection.includes(node.id) || scene.hoveredId === node.id;
  context.font = font;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = isChosen ? blue : nameColors[scene.theme];
  context.fillText(shorten(context, node.name, room), x, y - 7);
}

function shorten(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

function outline(context: CanvasRenderingContext2D, scene: Scene, node: NodeRecord, widthPx: number): void {
  context.beginPath();
  for (const { x, y } of cornersOf(scene, node)) context.lineTo(x, y);
  context.closePath();
  context.strokeStyle = blue;
  context.lineWidth = widthPx;
  context.stroke();
}

function drawCorners(context: CanvasRenderingContext2D, scene: Scene, node: NodeRecord): void {
  const corners = cornersOf(scene, node);
  const [from, to] = corners;
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  context.fillStyle = "#fff";
  context.strokeStyle = blue;
  context.lineWidth = 1;
  for (const { x, y } of corners) {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.fillRect(-cornerSidePx / 2, -cornerSidePx / 2, cornerSidePx, cornerSidePx);
    context.strokeRect(-cornerSidePx / 2, -cornerSidePx / 2, cornerSidePx, cornerSidePx);
    context.restore();
  }
}

/** The blue tag beneath the selection. */
function drawSize(context: CanvasRenderingContext2D, scene: Scene, node: NodeRecord): void {
  const box = absoluteBoundingBox(scene.tree, node);
  const { x, y } = toScreen(scene, { x: box.x + box.width / 2, y: box.y + box.height });
  const text = `${rounded(node.width)} × ${rounded(node.height)}`;
  context.font = `500 ${font}`;
  const width = context.measureText(text).width + 12;
  context.fillStyle = blue;
  context.beginPath();
  context.roundRect(x - width / 2, y + 8, width, 18, 4);
  context.fill();
  context.fillStyle = "#fff";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y + 17.5);
}

function drawMarquee(context: CanvasRenderingContext2D, scene: Scene, box: Box): void {
  const { x, y } = toScreen(scene, box);
  const [width, height] = [box.width * scene.camera.zoom, box.height * scene.camera.zoom];
  context.fillStyle = "rgb(13 153 255 / 0.12)";
  context.fillRect(x, y, width, height);
  context.strokeStyle = blue;
  context.lineWidth = 1;
  context.strokeRect(x, y, width, height);
}

/** At most two decimals. */
function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
