import { type Box, type Point, union } from "../document/matrix.ts";
import type { View } from "../messages.ts";

/** Which part of the page the canvas shows. */
export interface Camera {
  /** of the page, at the middle of the canvas */
  readonly center: Point;
  /** px of the screen to one px of the page */
  readonly zoom: number;
}

export interface CanvasSize {
  readonly width: number;
  readonly height: number;
}

/** px that lie over the canvas at each side */
export interface Insets {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const minZoom = 0.02;
const maxZoom = 64;
/** However much lies over it, this is left of the canvas. */
const minFreePx = 80;

export function toPage({ center, zoom }: Camera, size: CanvasSize, { x, y }: Point): Point {
  return { x: center.x + (x - size.width / 2) / zoom, y: center.y + (y - size.height / 2) / zoom };
}

/** The point of the page under `at` stays there. */
export function zoomAt(camera: Camera, size: CanvasSize, at: Point, factor: number): Camera {
  const zoom = Math.min(Math.max(camera.zoom * factor, minZoom), maxZoom);
  const fixed = toPage(camera, size, at);
  return {
    zoom,
    center: { x: fixed.x - (at.x - size.width / 2) / zoom, y: fixed.y - (at.y - size.height / 2) / zoom },
  };
}

/** Shows all of `box` as large as fits between the insets, at most at its own size. */
export function fitInto(box: Box, size: CanvasSize, { left, top, right, bottom }: Insets): Camera {
  const free = {
    width: Math.max(size.width - left - right, minFreePx),
    height: Math.max(size.height - top - bottom, minFreePx),
  };
  const zoom = Math.max(Math.min(free.width / box.width, free.height / box.height, 1), minZoom);
  const shift = { x: (left - right) / 2 / zoom, y: (top - bottom) / 2 / zoom };
  return { zoom, center: { x: box.x + box.width / 2 - shift.x, y: box.y + box.height / 2 - shift.y } };
}

export function viewOf({ center, zoom }: Camera, size: CanvasSize): View {
  const { x, y } = toPage({ center, zoom }, size, { x: 0, y: 0 });
  return { center, zoom, bounds: { x, y, width: size.width / zoom, height: size.height / zoom } };
}

export function unionOf(boxes: readonly Box[]): Box | null {
  return boxes.reduce<Box | null>(union, null);
}
