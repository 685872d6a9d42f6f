import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type MaskBrush, paintStroke } from "../mask/strokes.ts";
import type { Point } from "../patches/geometry.ts";
import type { PaintedMask, Shown } from "../state/pictures.ts";
import { drawTaken } from "./drawTaken.ts";
import { type ClickedPoint, clickedAt, pointIn } from "./pointIn.ts";

interface MaskCanvasProps {
  readonly picture: Shown;
  readonly mask: PaintedMask;
  readonly brush: MaskBrush;
  /** after a whole stroke */
  readonly onStroke: (mask: PaintedMask) => void;
  /** clicks select instead of painting; `keep` false: what is clicked is to be left out */
  readonly onPick: ((click: ClickedPoint) => void) | null;
}

/**
 * The product with the part in red that its mask takes away; strokes change the mask, or clicks pick something. Arrow keys move
 * the brush, Space puts it down; where clicks pick, Space picks and Delete does what Alt with a click does.
 */
export function MaskCanvas({ picture, mask, brush, onStroke, onPick }: MaskCanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const image = useRef<HTMLImageElement>(null);
  const stroke = useRef<{ readonly mask: PaintedMask; readonly from: Point } | null>(null);
  const [at, setAt] = useState<Point | null>(null);
  const { width, height } = mask.sizePx;

  const draw = (shown: PaintedMask) => drawTaken(canvas.current, image.current, shown);
  useLayoutEffect(() => draw(stroke.current?.mask ?? mask), [mask]);

  const paintTo = (point: Point) => {
    if (stroke.current === null) return;
    stroke.current = { mask: paintStroke(stroke.current.mask, brush, stroke.current.from, point), from: point };
    draw(stroke.current.mask);
  };
  const endStroke = () => {
    if (stroke.current === null) return;
    const painted = stroke.current.mask;
    stroke.current = null;
    onStroke(painted);
  };
  const onPointerDown = (event: PointerEvent) => {
    const point = pointIn(canvas.current, event, mask.sizePx);
    if (point === null || event.button !== 0) return;
    if (onPick !== null) return onPick(clickedAt(point, mask.sizePx, !event.altKey));
    canvas.current?.setPointerCapture(event.pointerId);
    stroke.current = { mask, from: point };
    paintTo(point);
  };
  const onPointerMove = (event: PointerEvent) => {
    const point = pointIn(canvas.current, event, mask.sizePx);
    if (point === null) return;
    setAt(point);
    paintTo(point);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const from = at ?? { x: width / 2, y: height / 2 };
    const moved = movedBrush(event.key, from, Math.max(1, event.shiftKey ? brush.radiusPx * 2 : brush.radiusPx / 2));
    const isPick = event.key === " " || (onPick !== null && event.key === "Delete");
    if (moved === null && !isPick) return;
    event.preventDefault();
    if (moved === null) {
      if (onPick !== null) onPick(clickedAt(from, mask.sizePx, event.key === " "));
      else onStroke(paintStroke(mask, brush, from, from));
    }
    setAt({
      x: Math.min(Math.max((moved ?? from).x, 0), width),
      y: Math.min(Math.max((moved ?? from).y, 0), height),
    });
  };

  return (
    <div class="easel checker" style={{ "--ratio": String(width / height) }}>
      <img ref={image} src={picture.url} alt="" draggable={false} onLoad={() => draw(stroke.current?.mask ?? mask)} />
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: screen readers pass arrow keys on to applications only */}
      <canvas
        ref={canvas}
        class="mask-canvas"
        width={width}
        height={height}
        role="application"
        tabIndex={0}
        aria-label={
          onPick === null
            ? "Product mask; arrow keys move the brush, Space paints"
            : "Product mask; arrow keys move, Space selects the object, Delete takes it away"
        }
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={endStroke}
        onPointerCancel={endStroke}
        onPointerLeave={() => setAt(null)}
        onFocus={() => setAt((before) => before ?? { x: width / 2, y: height / 2 })}
        onBlur={() => setAt(null)}
        onKeyDown={onKeyDown}
      />
      {at !== null && <BrushRing at={at} brush={brush} mask={mask} />}
    </div>
  );
}

interface BrushRingProps {
  readonly at: Point;
  readonly brush: MaskBrush;
  readonly mask: PaintedMask;
}

function BrushRing({ at, brush, mask }: BrushRingProps): JSX.Element {
  const percent = (px: number, ofPx: number) => `${(px / ofPx) * 100}%`;
  return (
    <span
      class="brush-ring"
      style={{
        left: percent(at.x, mask.sizePx.width),
        top: percent(at.y, mask.sizePx.height),
        width: percent(brush.radiusPx * 2, mask.sizePx.width),
      }}
    />
  );
}

/** Where a key takes the brush; null: nowhere. */
function movedBrush(key: string, { x, y }: Point, byPx: number): Point | null {
  switch (key) {
    case "ArrowLeft":
      return { x: x - byPx, y };
    case "ArrowRight":
      return { x: x + byPx, y };
    case "ArrowUp":
      return { x, y: y - byPx };
    case "ArrowDown":
      return { x, y: y + byPx };
    default:
      return null;
  }
}
