import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { type BrushSize, patchesBetween, patchesUnder } from "../patches/brush.ts";
import { type PatchLayout, type Point, patchAt, patchRect } from "../patches/geometry.ts";
import type { PatchState } from "../patches/visibility.ts";
import type { Shown } from "../state/pictures.ts";
import { PatchCells } from "./PatchCells.tsx";
import { PatchOverlay, rectsPath } from "./PatchOverlay.tsx";
import { type ClickedPoint, clickedAt, pointIn } from "./pointIn.ts";

interface PatchGridProps {
  readonly picture: Shown;
  /** patches a side */
  readonly grid: number;
  readonly states: readonly PatchState[];
  readonly brush: BrushSize;
  /** before each stroke */
  readonly onBegin: () => void;
  readonly onPaint: (patches: readonly number[], isHidden: boolean) => void;
  /** clicks select instead of painting; `keep` false: what is clicked is to be left out */
  readonly onPick: ((click: ClickedPoint) => void) | null;
}

/**
 * The reference with its patches, to hide and show them: a stroke that begins on a patch hidden by hand shows, any other hides.
 * Arrow keys move a cursor, Space does there what a click does; where clicks pick something, Delete does what Alt with a click does.
 */
export function PatchGrid({ picture, grid, states, brush, onBegin, onPaint, onPick }: PatchGridProps): JSX.Element {
  const id = useId();
  const field = useRef<HTMLDivElement>(null);
  const stroke = useRef<{ readonly isHiding: boolean; readonly from: Point } | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const [cursor, setCursor] = useState(0);
  const layout: PatchLayout = { sizePx: picture.sizePx, grid };
  const { width, height } = picture.sizePx;
  const isHidingAt = (patch: number) => states[patch] !== "hidden";

  const paintTo = (point: Point) => {
    if (stroke.current === null) return;
    const { isHiding, from } = stroke.current;
    onPaint(patchesBetween(layout, from, point, brush), isHiding);
    stroke.current = { isHiding, from: point };
  };
  const onPointerDown = (event: PointerEvent) => {
    const point = pointIn(field.current, event, picture.sizePx);
    if (point === null || event.button !== 0) return;
    if (onPick !== null) return onPick(clickedAt(point, picture.sizePx, !event.altKey));
    field.current?.setPointerCapture(event.pointerId);
    const patch = patchAt(layout, point);
    setCursor(patch);
    onBegin();
    stroke.current = { isHiding: isHidingAt(patch), from: point };
    paintTo(point);
  };
  const onPointerMove = (event: PointerEvent) => {
    const point = pointIn(field.current, event, picture.sizePx);
    if (point === null) return;
    setHovered(patchAt(layout, point));
    paintTo(point);
  };
  const endStroke = () => {
    stroke.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moved = movedCursor(event.key, cursor, grid);
    if (onPick !== null && (event.key === " " || event.key === "Delete")) {
      event.preventDefault();
      const { x, y, width: across, height: down } = patchRect(layout, cursor);
      return onPick(clickedAt({ x: x + across / 2, y: y + down / 2 }, picture.sizePx, event.key === " "));
    }
    const isPainting = event.key === " " || (event.key === "Enter" && !event.ctrlKey && !event.metaKey);
    if (moved === null && !isPainting) return;
    event.preventDefault();
    setHovered(null);
    if (moved !== null) return setCursor(moved);
    onBegin();
    onPaint(patchesUnder(grid, cursor, brush), isHidingAt(cursor));
  };

  return (
    <div class="easel" style={{ "--ratio": String(width / height) }}>
      <img src={picture.url} alt="" draggable={false} />
      {/* biome-ignore lint/a11y/useSemanticElements: the cells are drawn, at sizes that no table can have */}
      <div
        ref={field}
        class="patch-grid"
        role="grid"
        tabIndex={0}
        aria-label={
          onPick === null
            ? "Patches of the reference; Space hides or shows"
            : "Patches of the reference; Space hides the object, Delete shows it"
        }
        aria-rowcount={grid}
        aria-colcount={grid}
        aria-multiselectable="true"
        aria-activedescendant={`${id}-${cursor}`}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={endStroke}
        onPointerCancel={endStroke}
        onPointerLeave={() => setHovered(null)}
        onKeyDown={onKeyDown}
      >
        <svg viewBox={`0 0 ${width} ${height}`} role="presentation">
          <PatchOverlay layout={layout} states={states} linesAcross={56} hasGrid={true} />
          <PatchCells layout={layout} states={states} idPrefix={id} cursor={cursor} />
          {hovered !== null && onPick === null && (
            <path class="brush-outline" d={rectsPath(layout, patchesUnder(grid, hovered, brush))} />
          )}
        </svg>
      </div>
    </div>
  );
}

/** Where a key takes the cursor; null: nowhere. */
function movedCursor(key: string, cursor: number, grid: number): number | null {
  const [row, column] = [Math.floor(cursor / grid), cursor % grid];
  switch (key) {
    case "ArrowLeft":
      return row * grid + Math.max(column - 1, 0);
    case "ArrowRight":
      return row * grid + Math.min(column + 1, grid - 1);
    case "ArrowUp":
      return Math.max(row - 1, 0) * grid + column;
    case "ArrowDown":
      return Math.min(row + 1, grid - 1) * grid + column;
    case "Home":
      return row * grid;
    case "End":
      return row * grid + grid - 1;
    default:
      return null;
  }
}
