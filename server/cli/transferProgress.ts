import type { InstallProgress } from "../install/install.ts";
import { type Io, printJson } from "./io.ts";

const width = 24;
const windowMs = 10_000;

/** Shows how an installation comes on: a bar on a terminal, or a line of JSON a second. */
export function createTransferProgress(io: Io, json: boolean, now: () => number = () => performance.now()) {
  const samples: { readonly atMs: number; readonly bytes: number }[] = [];
  let shownMs = Number.NEGATIVE_INFINITY;

  /** Bytes a second, over the last seconds. */
  function rate(atMs: number, bytes: number): number {
    samples.push({ atMs, bytes });
    while ((samples[0]?.atMs ?? atMs) < atMs - windowMs) samples.shift();
    const first = samples[0];
    return first && atMs > first.atMs ? Math.max(0, (1000 * (bytes - first.bytes)) / (atMs - first.atMs)) : 0;
  }

  return {
    show(progress: InstallProgress): void {
      if (progress.phase === "compile") {
        if (json) printJson(io, { type: "progress", phase: "compile" });
        else if (io.isTerminal) io.stderr("\r\x1b[Kchecking and compiling …");
        return;
      }
      const { doneBytes, totalBytes } = progress;
      const atMs = now();
      const isEnd = doneBytes === totalBytes;
      if (!isEnd && atMs - shownMs < (json ? 1000 : 200)) return;
      shownMs = atMs;
      const bytesPerSecond = Math.round(rate(atMs, doneBytes));
      const secondsLeft = bytesPerSecond > 0 ? Math.ceil((totalBytes - doneBytes) / bytesPerSecond) : null;
      if (json) {
        printJson(io, { type: "progress", phase: "fetch", doneBytes, totalBytes, bytesPerSecond, secondsLeft });
      } else if (io.isTerminal) {
        const filled = Math.round((width * doneBytes) / Math.max(1, totalBytes));
        const bar = "█".repeat(filled) + "░".repeat(width - filled);
        const left = secondsLeft === null ? "" : `, ${formatSeconds(secondsLeft)} left`;
        io.stderr(
          `\r\x1b[K${bar} ${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB, ${megabytes(bytesPerSecond)} MB/s${left}`,
        );
      }
    },
    clear(): void {
      if (io.isTerminal && !json) io.stderr("\r\x1b[K");
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function formatSeconds(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
