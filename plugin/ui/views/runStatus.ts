import { partDone, timeLeftMs } from "../state/pace.ts";
import type { ActiveRun, RunProgress } from "../state/run.ts";

export interface RunStatus {
  readonly title: string;
  readonly detail: string;
  /** 0 … 1; null: nobody knows yet */
  readonly part: number | null;
}

/** What an active run is doing, in words. What the server does is not known while there is no connection to it. */
export function runStatus(run: ActiveRun, nowMs: number, isConnected: boolean): RunStatus {
  const needsServer = run.type !== "preparing" || run.task === "uploading";
  if (needsServer && !isConnected) return waiting(run);
  switch (run.type) {
    case "preparing":
      return { ...preparing[run.task], part: null };
    case "queued":
      return { ...queued(run.ahead), part: null };
    case "running":
      return run.progress === null ? starting(run.attempt) : stepping(run.progress, run, nowMs);
    case "cancelling":
      return { title: "Cancelling", detail: "After the current step", part: null };
  }
}

const preparing = {
  freezing: { title: "Reading the product", detail: "You can go on working in the canvas" },
  exporting: { title: "Exporting the reference", detail: "Nothing is painted yet" },
  uploading: { title: "Sending the pictures", detail: "Only to your own server" },
} as const;

function waiting({ type }: ActiveRun): RunStatus {
  const detail = type === "cancelling" ? "The run is cancelled when it is back" : "The run goes on when it is back";
  return { title: "Waiting for the server", detail, part: null };
}

function queued(ahead: number): Pick<RunStatus, "title" | "detail"> {
  if (ahead === 0) return { title: "Waiting for the engine", detail: "Starting" };
  return { title: "In the queue", detail: ahead === 1 ? "1 run comes first" : `${ahead} runs come first` };
}

function starting(attempt: number): RunStatus {
  const detail = attempt === 1 ? "Reading product and reference" : "The engine stopped; this is a second try";
  return { title: "Getting ready", detail, part: null };
}

type RunningRun = Extract<ActiveRun, { type: "running" }>;

function stepping(progress: RunProgress, { job, variants: finished }: RunningRun, nowMs: number): RunStatus {
  const { variants } = job.params.settings;
  const { step, steps } = progress;
  // Between two variants nothing is known of the next but that it has begun.
  const isBetween = finished.length === progress.variant && finished.length < variants;
  const variant = isBetween ? progress.variant + 1 : progress.variant;
  const left = timeLeftMs(progress, variants, nowMs);
  const details = [
    ...(variants > 1 ? [`Variant ${variant} of ${variants}`] : []),
    ...(left === null ? [] : [timeText(left)]),
  ];
  return {
    title: isBetween
      ? `Variant ${progress.variant} is finished`
      : step === steps
        ? "Finishing"
        : `Step ${step} of ${steps}`,
    detail: details.length === 0 ? "Estimating the time left" : details.join(" · "),
    part: partDone(progress, variants),
  };
}

function timeText(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  if (seconds <= 2) return "a moment left";
  if (seconds < 60) return `${seconds} s left`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
}
