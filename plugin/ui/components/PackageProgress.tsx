import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { PackageInfo, PackageState } from "../../../shared/protocol/inventory.ts";

interface PackageProgressProps {
  readonly offer: PackageInfo;
  readonly onStop: () => void;
}

/** How an installation comes on, and what stops it. It goes on when the panel is closed. */
export function PackageProgress({ offer, onStop }: PackageProgressProps): JSX.Element | null {
  const { title, state } = offer;
  const left = useSecondsLeft(state);
  const text = textOf(state, left);
  if (text === null) return null;
  const part =
    state.type === "fetching" && state.totalBytes > 0 ? Math.min(1, state.doneBytes / state.totalBytes) : null;
  return (
    <div class="package-progress">
      <div
        class={part === null ? "progress unknown" : "progress"}
        role="progressbar"
        aria-label={`Installing ${title}`}
        aria-valuetext={text}
        {...(part !== null && { "aria-valuenow": Math.round(part * 100), style: { "--part": part } })}
      />
      <div class="package-head">
        <p class="secondary-text">{text}</p>
        <button type="button" class="link" aria-label={`Stop installing ${title}`} onClick={onStop}>
          Stop
        </button>
      </div>
    </div>
  );
}

function textOf(state: PackageState, secondsLeft: number | null): string | null {
  switch (state.type) {
    case "waiting":
      return "Waits until the other one is done…";
    case "starting":
      return "Asking what there is to fetch…";
    case "fetching": {
      const left = secondsLeft === null ? "" : `, ${durationText(secondsLeft)} left`;
      return `${byteText(state.doneBytes)} of ${byteText(state.totalBytes)}${left}`;
    }
    case "compiling":
      return "Checking and compiling…";
    default:
      return null;
  }
}

/** At the pace since this was first shown; null while that is too short to say. */
function useSecondsLeft(state: PackageState): number | null {
  const first = useRef<{ readonly atMs: number; readonly doneBytes: number } | null>(null);
  if (state.type !== "fetching") {
    first.current = null;
    return null;
  }
  const { doneBytes, totalBytes } = state;
  first.current ??= { atMs: Date.now(), doneBytes };
  const seconds = (Date.now() - first.current.atMs) / 1000;
  const fetched = doneBytes - first.current.doneBytes;
  return seconds < 3 || fetched <= 0 ? null : ((totalBytes - doneBytes) * seconds) / fetched;
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** As disks are sold: 1 GB is 10⁹ bytes. */
export function byteText(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
