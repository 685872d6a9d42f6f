/** Sizes and boxes in pixels; x to the right, y down, from the top left corner. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

/** Sides of the picture to make, px. */
export const frameSidePx = { min: 64, max: 4096 } as const;

/** An export of a layer is rounded outwards to whole pixels on both sides. */
const exportRoundingPx = 2;

/** The area when no frame contains the product: the product with half a side more on each side. */
export function grownBounds({ x, y, width, height }: Rect): Rect {
  return { x: x - width / 2, y: y - height / 2, width: 2 * width, height: 2 * height };
}

/**
 * The picture to make for `area`, at the scale nearest to `wishedScale` at which both of its sides and those of the product's
 * export are allowed; null when there is none.
 */
export function frameFor(
  area: Size,
  product: Size,
  wishedScale: number,
): { readonly frame: Size; readonly scale: number } | null {
  const least = frameSidePx.min / Math.min(area.width, area.height);
  const most = Math.min(
    frameSidePx.max / Math.max(area.width, area.height),
    (frameSidePx.max - exportRoundingPx) / Math.max(product.width, product.height),
  );
  if (!(least <= most)) return null;
  const scale = clamp(wishedScale, least, most);
  const side = (px: number) => clamp(Math.round(px * scale), frameSidePx.min, frameSidePx.max);
  return { frame: { width: side(area.width), height: side(area.height) }, scale };
}

/** The largest centred part of `source` that has the aspect ratio of `target` ("cover"), in whole pixels. */
export function coverCrop(source: Size, target: Size): Rect {
  const scale = Math.min(source.width / target.width, source.height / target.height);
  const width = clamp(Math.round(target.width * scale), 1, source.width);
  const height = clamp(Math.round(target.height * scale), 1, source.height);
  return { x: Math.floor((source.width - width) / 2), y: Math.floor((source.height - height) / 2), width, height };
}

/** `inner` as large as fits in `box` without changing its aspect ratio, centred ("contain"), in whole pixels. */
export function containIn(inner: Size, box: Rect): Rect {
  const scale = Math.min(box.width / inner.width, box.height / inner.height);
  const width = clamp(Math.round(inner.width * scale), 1, box.width);
  const height = clamp(Math.round(inner.height * scale), 1, box.height);
  return {
    x: box.x + Math.floor((box.width - width) / 2),
    y: box.y + Math.floor((box.height - height) / 2),
    width,
    height,
  };
}

/** Where the product sits by default: at its own size when it fits the frame, else shrunk to fit; centred. */
export function defaultPlacement(product: Size, frame: Size): Rect {
  const width = Math.min(product.width, frame.width);
  const height = Math.min(product.height, frame.height);
  const box = { x: 0, y: 0, ...frame };
  return width === product.width && height === product.height
    ? { x: Math.floor((frame.width - width) / 2), y: Math.floor((frame.height - height) / 2), width, height }
    : containIn(product, box);
}

/**
 * The size a model paints for a frame: sides a multiple of `sideMultiple`, area near `pixelArea`, aspect ratio near the
 * frame's (never beyond 4 to 1, which no model has seen). Errors of aspect weigh twice errors of area, both as |log|.
 */
export function workSize(frame: Size, pixelArea: number, sideMultiple: number): Size {
  const aspect = clamp(frame.width / frame.height, 1 / 4, 4);
  let best: Size = { width: sideMultiple, height: sideMultiple };
  let bestCost = Number.POSITIVE_INFINITY;
  const longest = 2.5 * Math.sqrt(pixelArea);
  for (let width = sideMultiple; width <= longest; width += sideMultiple) {
    for (let height = sideMultiple; height <= longest; height += sideMultiple) {
      const aspectError = Math.abs(Math.log(width / height / aspect));
      const areaError = Math.abs(Math.log((width * height) / pixelArea));
      const cost = 2 * aspectError + areaError;
      if (cost < bestCost) [best, bestCost] = [{ width, height }, cost];
    }
  }
  return best;
}

/** What a model paints: `workSize` of as many pixels as the frame has where a layout holds them together, else of what it paints best. */
export function paintedSize(
  frame: Size,
  { pixelArea, layoutPixelArea = pixelArea, sideMultiple }: PaintedAreas,
  hasLayout: boolean,
): Size {
  const area = hasLayout ? clamp(frame.width * frame.height, pixelArea, layoutPixelArea) : pixelArea;
  return workSize(frame, area, sideMultiple);
}

interface PaintedAreas {
  readonly pixelArea: number;
  readonly layoutPixelArea?: number | undefined;
  readonly sideMultiple: number;
}

/**
 * The smallest canvas that holds the centred frame and has the aspect ratio of `work`, in frame pixels: what the model
 * paints is this canvas, so nothing is ever stretched.
 */
export function paintedCanvas(frame: Size, work: Size): Size {
  const scale = Math.max(frame.width / work.width, frame.height / work.height);
  return {
    width: Math.max(frame.width, Math.round(work.width * scale)),
    height: Math.max(frame.height, Math.round(work.height * scale)),
  };
}

/** The centred box of size `inner` in `outer`. */
export function centred(inner: Size, outer: Size): Rect {
  return {
    x: Math.floor((outer.width - inner.width) / 2),
    y: Math.floor((outer.height - inner.height) / 2),
    width: inner.width,
    height: inner.height,
  };
}

/** Whether two sizes have the same aspect ratio within 1 %, or within one pixel of rounding. */
export function sameAspect(a: Size, b: Size): boolean {
  const expectedHeight = (a.width * b.height) / b.width;
  return Math.abs(a.height - expectedHeight) <= Math.max(0.01 * expectedHeight, 1);
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
