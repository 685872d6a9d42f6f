import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { centredSquare, type PatchLayout, patchRect, patchSidePx } from "../patches/geometry.ts";
import type { PatchState } from "../patches/visibility.ts";

interface PatchOverlayProps {
  readonly layout: PatchLayout;
  readonly states: readonly PatchState[];
  /** of the hatch, over the square */
  readonly linesAcross: number;
  readonly hasGrid: boolean;
}

/** What lies over the reference, in an <svg> in px of the picture: hatched patches, the grid, and the dimmed part that is not seen. */
export function PatchOverlay({ layout, states, linesAcross, hasGrid }: PatchOverlayProps): JSX.Element {
  const id = useId();
  const { width, height } = layout.sizePx;
  const square = centredSquare(layout.sizePx);
  const spacingPx = square.width / linesAcross;
  const squarePath = rectPath(square);
  return (
    <>
      <Hatch id={`${id}-hidden`} kind="hidden" spacingPx={spacingPx} angle={45} />
      <Hatch id={`${id}-dropped`} kind="dropped" spacingPx={spacingPx} angle={-45} />
      <path class="outside" fill-rule="evenodd" d={`M0 0H${width}V${height}H0Z${squarePath}`} />
      {hasGrid && <path class="patch-lines shade" d={linesPath(layout)} />}
      {hasGrid && <path class="patch-lines" d={linesPath(layout)} />}
      <path fill={`url(#${id}-dropped)`} d={rectsPath(layout, patchesIn(states, "dropped"))} />
      <path fill={`url(#${id}-hidden)`} d={rectsPath(layout, patchesIn(states, "hidden"))} />
      {width !== height && <path class="square" d={squarePath} />}
    </>
  );
}

/** An SVG path round each of the patches. */
export function rectsPath(layout: PatchLayout, patches: readonly number[]): string {
  return patches.map((patch) => rectPath(patchRect(layout, patch))).join("");
}

interface HatchProps {
  readonly id: string;
  readonly kind: "hidden" | "dropped";
  readonly spacingPx: number;
  /** degrees */
  readonly angle: number;
}

/** Lines on the picture rather than on each patch, so that neighbours join. */
function Hatch({ id, kind, spacingPx, angle }: HatchProps): JSX.Element {
  return (
    <pattern
      id={id}
      class={`hatch ${kind}`}
      width={spacingPx}
      height={spacingPx}
      patternUnits="userSpaceOnUse"
      patternTransform={`rotate(${angle})`}
    >
      <rect class="ground" width={spacingPx} height={spacingPx} />
      <rect class="line" width={spacingPx * 0.28} height={spacingPx} />
    </pattern>
  );
}

function patchesIn(states: readonly PatchState[], wanted: PatchState): readonly number[] {
  return states.flatMap((state, patch) => (state === wanted ? [patch] : []));
}

function rectPath({ x, y, width, height }: ReturnType<typeof centredSquare>): string {
  return `M${x} ${y}h${width}v${height}h${-width}z`;
}

/** The lines between patches; rows and columns reach to the picture's edge, as the patches at the border do. */
function linesPath({ sizePx, grid }: PatchLayout): string {
  const square = centredSquare(sizePx);
  const sidePx = patchSidePx({ sizePx, grid });
  let path = "";
  for (let line = 1; line < grid; line++) {
    path += `M${square.x + line * sidePx} 0V${sizePx.height}M0 ${square.y + line * sidePx}H${sizePx.width}`;
  }
  return path;
}
