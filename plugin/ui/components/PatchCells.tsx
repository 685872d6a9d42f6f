import type { JSX } from "preact";
import { type PatchLayout, patchRect } from "../patches/geometry.ts";
import type { PatchState } from "../patches/visibility.ts";

interface PatchCellsProps {
  readonly layout: PatchLayout;
  readonly states: readonly PatchState[];
  readonly idPrefix: string;
  /** the patch that the keyboard is on */
  readonly cursor: number;
}

const stateNames: Readonly<Record<PatchState, string>> = {
  visible: "visible",
  hidden: "hidden",
  dropped: "hidden by mask or transparency",
};

/** One grid cell a patch for screen readers, which also show where the keyboard is; the pointer never meets them. */
export function PatchCells({ layout, states, idPrefix, cursor }: PatchCellsProps): JSX.Element {
  const indices = Array.from({ length: layout.grid }, (_, i) => i);
  return (
    <g class="patch-cells">
      {indices.map((row) => (
        // biome-ignore lint/a11y/useSemanticElements: SVG has no table rows
        <g key={row} role="row" aria-rowindex={row + 1}>
          {indices.map((column) => {
            const patch = row * layout.grid + column;
            const state = states[patch] ?? "visible";
            return (
              // biome-ignore lint/a11y/useSemanticElements: nor cells
              <rect
                key={column}
                id={`${idPrefix}-${patch}`}
                class={patch === cursor ? "cursor" : undefined}
                role="gridcell"
                aria-colindex={column + 1}
                aria-selected={state === "visible"}
                aria-label={`Row ${row + 1}, column ${column + 1}: ${stateNames[state]}`}
                {...patchRect(layout, patch)}
              />
            );
          })}
        </g>
      ))}
    </g>
  );
}
