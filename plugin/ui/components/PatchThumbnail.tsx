import type { JSX } from "preact";
import { countOf, type PatchState } from "../patches/visibility.ts";
import type { Shown } from "../state/pictures.ts";
import { PatchOverlay } from "./PatchOverlay.tsx";

interface PatchThumbnailProps {
  readonly picture: Shown;
  /** patches a side */
  readonly grid: number;
  readonly states: readonly PatchState[];
}

/** The reference with its hidden patches, to look at: as large as its box, cut to fill it. */
export function PatchThumbnail({ picture, grid, states }: PatchThumbnailProps): JSX.Element {
  const { sizePx } = picture;
  return (
    <span
      class="patch-thumbnail"
      role="img"
      aria-label={`The model sees ${countOf(states, "visible")} of ${states.length} patches`}
    >
      <img src={picture.url} alt="" />
      <svg viewBox={`0 0 ${sizePx.width} ${sizePx.height}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <PatchOverlay layout={{ sizePx, grid }} states={states} linesAcross={30} hasGrid={false} />
      </svg>
    </span>
  );
}
