import type { Box, Point } from "../document/matrix.ts";
import { childrenOf, firstPageId, nodeOf } from "../document/tree.ts";
import { type Camera, type CanvasSize, fitInto, type Insets, toPage, unionOf, viewOf, zoomAt } from "./camera.ts";
import { drawCanvas } from "./drawCanvas.ts";
import { boxesOf, type CanvasControl, type Playground } from "./playground.ts";
import { type CanvasView, PointerTool } from "./pointerTool.ts";

type ClientPoint = Pick<MouseEvent, "clientX" | "clientY">;

const zoomStep = 1.5;
const margins: Insets = { left: 48, top: 72, right: 48, bottom: 56 };
/** Where the plugin's window opens. */
const pluginRoomPx = 340 + 64;

/** The canvas: its camera, and what is drawn on it whenever something changed. */
export class CanvasController implements CanvasControl, CanvasView {
  readonly pointer: PointerTool;
  private readonly canvas: HTMLCanvasElement;
  private readonly playground: Playground;
  private camera: Camera = { center: { x: 0, y: 0 }, zoom: 0.25 };
  private size: CanvasSize = { width: 0, height: 0 };
  private isDrawPlanned = false;
  private readonly ends = new AbortController();
  private onSized: (() => void) | null = null;

  constructor(canvas: HTMLCanvasElement, playground: Playground) {
    this.canvas = canvas;
    this.playground = playground;
    playground.canvas = this;
    const { signal } = this.ends;
    this.pointer = new PointerTool(canvas, playground, this, signal);
    canvas.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    const stopListening = playground.store.listen(() => this.planDraw());
    const resizing = new ResizeObserver(() => this.resize());
    resizing.observe(canvas);
    signal.addEventListener("abort", () => {
      stopListening();
      resizing.disconnect();
    });
  }

  get zoom(): number {
    return this.camera.zoom;
  }

  close(): void {
    this.ends.abort();
  }

  /** Once the canvas has its size. */
  whenSized(call: () => void): void {
    if (this.size.width > 0) call();
    else this.onSized = call;
  }

  /** Beside the plugin's window, if there is one. */
  showBox(box: Box): void {
    const { isPluginRunning } = this.playground.store.state;
    this.look(fitInto(box, this.size, isPluginRunning ? { ...margins, right: pluginRoomPx } : margins));
  }

  showView(center: Point, zoom: number): void {
    this.look({ center, zoom });
  }

  zoomTo(to: "in" | "out" | "fit" | "actual"): void {
    const middle = { x: this.size.width / 2, y: this.size.height / 2 };
    if (to === "fit") {
      const { tree } = this.playground.store.state.document;
      const ids = childrenOf(tree, nodeOf(tree, firstPageId)).map(({ id }) => id);
      const box = unionOf(boxesOf(this.playground.store.state, ids));
      if (box !== null) this.showBox(box);
    } else {
      const factor = { in: zoomStep, out: 1 / zoomStep, actual: 1 / this.zoom }[to];
      this.look(zoomAt(this.camera, this.size, middle, factor));
    }
  }

  pan(dx: number, dy: number): void {
    const { center, zoom } = this.camera;
    this.look({ zoom, center: { x: center.x + dx / zoom, y: center.y + dy / zoom } });
  }

  /** The point of the page under the pointer, or in the middle. */
  pagePoint(at: ClientPoint | null): Point {
    if (at === null) return this.camera.center;
    return toPage(this.camera, this.size, this.onCanvas(at));
  }

  toScreen({ x, y, width, height }: Box): Box {
    const { left, top } = this.canvas.getBoundingClientRect();
    const { center, zoom } = this.camera;
    return {
      x: left + (x - center.x) * zoom + this.size.width / 2,
      y: top + (y - center.y) * zoom + this.size.height / 2,
      width: width * zoom,
      height: height * zoom,
    };
  }

  planDraw(): void {
    if (this.isDrawPlanned) return;
    this.isDrawPlanned = true;
    requestAnimationFrame(() => this.draw());
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.playground.viewChanged(viewOf(camera, this.size));
    this.planDraw();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(-event.deltaY * unit * 0.006);
      this.look(zoomAt(this.camera, this.size, this.onCanvas(event), factor));
      return;
    }
    const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    this.pan(dx * unit, dy * unit);
  }

  private onCanvas({ clientX, clientY }: ClientPoint): Point {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  private resize(): void {
    const { width, height } = this.canvas.getBoundingClientRect();
    this.size = { width, height };
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.onSized?.();
    this.onSized = null;
    this.look(this.camera);
    // At once: a canvas that got another size is empty.
    this.draw();
  }

  private draw(): void {
    this.isDrawPlanned = false;
    const context = this.canvas.getContext("2d");
    if (context === null || this.size.width === 0) return;
    const { document, hoveredId, theme } = this.playground.store.state;
    drawCanvas(context, {
      tree: document.tree,
      selection: document.selection,
      hoveredId,
      marquee: this.pointer.marquee,
      dropFrameId: this.pointer.dropFrameId,
      bitmaps: this.playground.cache.bitmaps,
      camera: this.camera,
      size: this.size,
      theme,
      pixelRatio: devicePixelRatio,
    });
  }
}
