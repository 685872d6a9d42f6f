import type { Preview } from "../connection/connection.ts";
import { isActive, jobIdOf } from "../state/run.ts";
import type { Context } from "./context.ts";

/** What main shows of a run at most, since Figma may keep every picture in the file. */
const maxPreviews = 4;
/** Main counts from when it begins to show one; the panel, from its answer, which is later. */
const minIntervalMs = 1500;
const maxSidePx = 512;

export interface CanvasPreviews {
  offer(preview: Preview): void;
}

interface Showing {
  readonly jobId: string;
  /** main shows no more of this run */
  isOver: boolean;
  isInFlight: boolean;
  shown: number;
  lastMs: number;
}

/** Previews in the canvas, spread over the run: one at a time, always the latest. */
export function createCanvasPreviews({ host, pixels, clock, state, subscribe }: Context): CanvasPreviews {
  let showing: Showing | null = null;
  let latest: Preview | null = null;
  let stopWaiting = () => {};

  async function showLatest(): Promise<void> {
    stopWaiting();
    if (showing === null || latest === null || showing.isOver || showing.isInFlight) return;
    if (!isDue(latest, showing.shown)) return;
    const waitMs = showing.lastMs + minIntervalMs - clock.now();
    if (waitMs > 0) {
      stopWaiting = clock.after(waitMs, () => void showLatest());
      return;
    }
    const { jobId, jpeg } = latest;
    const current = showing;
    latest = null;
    current.isInFlight = true;
    try {
      host.post({ type: "show_preview", runId: jobId, jpeg: await pixels.shrinkJpeg(jpeg, maxSidePx) });
    } catch {
      // A preview is a courtesy: the next one comes.
      current.isInFlight = false;
    }
  }

  /** The k-th of four comes when k quarters of the run are done, the first at once. */
  function isDue({ variant, step, steps }: Preview, shown: number): boolean {
    const { run } = state();
    const variants = run.type === "running" ? run.job.params.settings.variants : 1;
    return ((variant - 1) * steps + step) / (steps * variants) >= shown / maxPreviews;
  }

  function onAnswer(jobId: string, isShown: boolean, isOver: boolean): void {
    if (showing?.jobId !== jobId) return;
    if (isShown) showing.shown++;
    showing.isOver = isOver || showing.shown === maxPreviews;
    showing.isInFlight = false;
    showing.lastMs = clock.now();
    void showLatest();
  }

  host.listen((message) => {
    if (message.type === "preview_shown") onAnswer(message.runId, true, false);
    if (message.type === "preview_skipped") onAnswer(message.runId, false, message.reason !== "too_soon");
  });
  subscribe(({ run }) => {
    if (showing === null || (isActive(run) && jobIdOf(run) === showing.jobId)) return;
    stopWaiting();
    showing = latest = null;
  });

  return {
    offer(preview) {
      const { run, form } = state();
      if (!form.canvasPreviews || run.type !== "running" || run.job.jobId !== preview.jobId) return;
      latest = preview;
      showing ??= {
        jobId: preview.jobId,
        isOver: false,
        isInFlight: false,
        shown: 0,
        lastMs: Number.NEGATIVE_INFINITY,
      };
      void showLatest();
    },
  };
}
