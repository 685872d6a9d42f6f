import type { Box, Point } from "../document/matrix.ts";
import type { NodeRecord } from "../document/node.ts";
import { ancestorsOf, find } from "../document/tree.ts";
import { dropTarget, frameNamedAt, layerAt, layerInside, layersIn } from "./hitTest.ts";
import type { Playground } from "./playground.ts";
import { type Corner, cornerAt, draggedCorner } from "./resizing.ts";

/** What the pointer needs of the canvas. */
export interface CanvasView {
  /** px of the screen to one px of the page */
  readonly zoom: number;
  /** px of the screen */
  pan(dx: number, dy: number): void;
  /** the point of the page under the pointer */
  pagePoint(at: MouseEvent): Point;
  planDraw(): void;
}

type Gesture =
  | { readonly type: "none" }
  /** px of the screen */
  | { readonly type: "pan"; readonly last: Point }
  | { readonly type: "resize"; readonly nodeId: string; readonly corner: Corner }
  | { readonly type: "marquee"; readonly from: Point; readonly to: Point }
  /** `moved` px of the page so far; nothing moves before the pointer has gone a little way */
  | { readonly type: "move"; readonly from: Point; readonly moved: Point; readonly hasBegun: boolean };

const dragThresholdPx = 3;
const frameNamePx = 20;
const cornerReachPx = 7;
const cursors: Readonly<Record<Corner, string>> = {
  topLeft: "nwse-resize",
  topRight: "nesw-resize",
  bottomRight: "nwse-resize",
  bottomLeft: "nesw-resize",
};

/** Turns what the pointer does on the canvas into edits. */
export class PointerTool {
  dropFrameId: string | null = null;
  private readonly canvas: HTMLCanvasElement;
  private readonly playground: Playground;
  private readonly view: CanvasView;
  private gesture: Gesture = { type: "none" };
  private isSpaceDown = false;

  constructor(canvas: HTMLCanvasElement, playground: Playground, view: CanvasView, signal: AbortSignal) {
    this.canvas = canvas;
    this.playground = playground;
    this.view = view;
    canvas.addEventListener("pointerdown", (event) => this.down(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.up(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.up(event), { signal });
    canvas.addEventListener("pointerleave", () => playground.store.set({ hoveredId: null }), { signal });
    canvas.addEventListener("dblclick", (event) => this.doubleClick(event), { signal });
  }

  /** px of the page */
  get marquee(): Box | null {
    return this.gesture.type === "marquee" ? boxBetween(this.gesture.from, this.gesture.to) : null;
  }

  /** While it is down, the pointer moves the canvas. */
  setSpaceDown(isDown: boolean): void {
    this.isSpaceDown = isDown;
    this.canvas.style.cursor = isDown ? "grab" : "";
  }

  private get document() {
    return this.playground.store.state.document;
  }

  private down(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus();
    if (event.button === 1 || this.isSpaceDown) {
      this.gesture = { type: "pan", last: { x: event.clientX, y: event.clientY } };
      return;
    }
    if (event.button !== 0) return;
    const corner = this.cornerUnder(event);
    if (corner !== null) {
      this.gesture = { type: "resize", ...corner };
      return;
    }
    const point = this.view.pagePoint(event);
    const node = this.layerUnder(event);
    if (node === null) {
      if (!event.shiftKey) this.playground.select([]);
      this.gesture = { type: "marquee", from: point, to: point };
      return;
    }
    this.selectPressed(node, event.shiftKey);
    this.gesture = { type: "move", from: point, moved: { x: 0, y: 0 }, hasBegun: false };
  }

  /** A press on what is selected, or lies in it, may be the start of a drag: it changes nothing. */
  private selectPressed(node: NodeRecord, isAdding: boolean): void {
    const { tree, selection } = this.document;
    const others = selection.filter((id) => id !== node.id);
    const isInSelected = [node, ...ancestorsOf(tree, node)].some(({ id }) => selection.includes(id));
    if (isAdding) this.playground.select(others.length < selection.length ? others : [...selection, node.id]);
    else if (!isInSelected) this.playground.select([node.id]);
  }

  private move(event: PointerEvent): void {
    const { gesture } = this;
    switch (gesture.type) {
      case "none":
        this.hover(event);
        return;
      case "pan": {
        const now = { x: event.clientX, y: event.clientY };
        this.view.pan(gesture.last.x - now.x, gesture.last.y - now.y);
        this.gesture = { type: "pan", last: now };
        return;
      }
      case "marquee": {
        const to = this.view.pagePoint(event);
        this.gesture = { ...gesture, to };
        this.playground.select(layersIn(this.document.tree, boxBetween(gesture.from, to)).map(({ id }) => id));
        this.view.planDraw();
        return;
      }
      case "move":
        this.drag(gesture, this.view.pagePoint(event));
        return;
      case "resize": {
        const node = find(this.document.tree, gesture.nodeId);
        if (node === undefined) return;
        const to = this.view.pagePoint(event);
        const values = draggedCorner(this.document.tree, node, gesture.corner, to, event.shiftKey);
        void this.playground.edit({ type: "set", id: node.id, values }, false);
        return;
      }
    }
  }

  private hover(event: PointerEvent): void {
    const corner = this.cornerUnder(event);
    if (!this.isSpaceDown) this.canvas.style.cursor = corner === null ? "" : cursors[corner.corner];
    const hoveredId = corner === null ? (this.layerUnder(event)?.id ?? null) : null;
    if (hoveredId !== this.playground.store.state.hoveredId) this.playground.store.set({ hoveredId });
  }

  /** Layers move by whole px, as with Figma's "snap to pixel grid". */
  private drag(gesture: Extract<Gesture, { type: "move" }>, point: Point): void {
    const way = { x: point.x - gesture.from.x, y: point.y - gesture.from.y };
    const hasBegun = gesture.hasBegun || Math.hypot(way.x, way.y) * this.view.zoom > dragThresholdPx;
    if (!hasBegun) return;
    const moved = { x: Math.round(way.x), y: Math.round(way.y) };
    const { tree, selection: ids } = this.document;
    const [dx, dy] = [moved.x - gesture.moved.x, moved.y - gesture.moved.y];
    if (dx !== 0 || dy !== 0) void this.playground.edit({ type: "move", ids, dx, dy }, false);
    this.gesture = { ...gesture, moved, hasBegun };
    this.dropFrameId = dropTarget(tree, point, ids)?.id ?? null;
    if (this.playground.store.state.hoveredId !== null) this.playground.store.set({ hoveredId: null });
    this.view.planDraw();
  }

  private up(event: PointerEvent): void {
    const { gesture } = this;
    this.gesture = { type: "none" };
    this.dropFrameId = null;
    if (gesture.type === "move" && gesture.hasBegun) void this.drop(this.view.pagePoint(event));
    if (gesture.type === "resize") void this.playground.edit({ type: "set", id: gesture.nodeId, values: {} });
    this.view.planDraw();
  }

  /** The end of a drag is one step; a layer dropped over another frame goes into it. */
  private async drop(point: Point): Promise<void> {
    const { tree, selection } = this.document;
    const target = dropTarget(tree, point, selection);
    if (target !== null) {
      for (const id of selection) {
        const index = find(this.document.tree, target.id)?.children.length ?? 0;
        await this.playground.edit({ type: "reparent", id, parentId: target.id, index }, false);
      }
    }
    await this.playground.edit({ type: "move", ids: selection, dx: 0, dy: 0 });
  }

  private doubleClick(event: MouseEvent): void {
    const { tree, selection } = this.document;
    const [id] = selection;
    const selected = id === undefined ? undefined : find(tree, id);
    if (selected === undefined) return;
    const inside = layerInside(tree, this.view.pagePoint(event), selected);
    if (inside !== null) this.playground.select([inside.id]);
  }

  /** What the pointer is on: a layer, or the name above a frame. */
  private layerUnder(event: MouseEvent): NodeRecord | null {
    const { tree } = this.document;
    const point = this.view.pagePoint(event);
    const layer = layerAt(tree, point, event.metaKey || event.ctrlKey);
    return layer ?? frameNamedAt(tree, point, frameNamePx / this.view.zoom);
  }

  /** The corner of the one selected layer that the pointer is on. */
  private cornerUnder(event: MouseEvent): { readonly nodeId: string; readonly corner: Corner } | null {
    const { tree, selection } = this.document;
    const [nodeId, ...others] = selection;
    const node = nodeId === undefined || others.length > 0 ? undefined : find(tree, nodeId);
    if (node === undefined || node.locked) return null;
    const corner = cornerAt(tree, node, this.view.pagePoint(event), cornerReachPx / this.view.zoom);
    return corner === null ? null : { nodeId: node.id, corner };
  }
}

function boxBetween(a: Point, b: Point): Box {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  };
}
