import { BackdropError } from "../../../shared/errors.ts";
import type { FinishedVariant, JobEnd, JobParams, JobSummary } from "../../../shared/protocol/jobs.ts";
import { type Problem, problemOf } from "./problem.ts";
import { type ActiveRun, isActive, jobIdOf, type Run } from "./run.ts";
import type { State } from "./state.ts";

/** A job with pictures: what it has finished, one variant or more, whatever becomes of it. */
export interface PaintedJob {
  readonly jobId: string;
  readonly params: JobParams;
  /** in order */
  readonly variants: readonly FinishedVariant[];
  readonly warnings: readonly string[];
  /** null: it is not done, or nobody measured */
  readonly totalMs: number | null;
}

/** What the results' tab shows large. A `job` of null: the run that just ended, which the history does not have. A `painted` of null: no pictures. */
export type Focus =
  | { readonly type: "nothing" }
  | { readonly type: "live"; readonly run: ActiveRun; readonly painted: Painted }
  | { readonly type: "done"; readonly job: PaintedJob }
  | { readonly type: "failed"; readonly problem: Problem; readonly job: JobSummary | null; readonly painted: Painted }
  | { readonly type: "cancelled"; readonly job: JobSummary | null; readonly painted: Painted }
  /** queued or running, and not the run of this panel */
  | { readonly type: "pending"; readonly job: JobSummary; readonly painted: Painted };

type Painted = PaintedJob | null;

/** The job that the person chose; else the run, else the newest of the history. */
export function focusOf(state: State): Focus {
  const { run, focusedJob, jobs } = state;
  const chosen = focusedJob === null || focusedJob === jobIdOf(run) ? undefined : findJob(state, focusedJob);
  if (chosen !== undefined) return focusOfJob(chosen);
  if (isActive(run)) return { type: "live", run, painted: paintedByRun(run) };
  switch (run.type) {
    case "done":
      return focusOfDone(paintedByRun(run));
    case "failed":
      return {
        type: "failed",
        problem: run.problem,
        job: findJob(state, run.jobId) ?? null,
        painted: paintedByRun(run),
      };
    case "cancelled":
      return { type: "cancelled", job: findJob(state, run.jobId) ?? null, painted: paintedByRun(run) };
    case "idle": {
      const [newest] = jobs.jobs;
      return newest === undefined ? { type: "nothing" } : focusOfJob(newest);
    }
  }
}

/** null: nothing that the history could mark */
export function focusedJobId(state: State): string | null {
  const focus = focusOf(state);
  switch (focus.type) {
    case "nothing":
      return null;
    case "live":
      return jobIdOf(focus.run);
    case "done":
    case "pending":
      return focus.job.jobId;
    case "failed":
    case "cancelled":
      return focus.job?.jobId ?? null;
  }
}

/** What a job has finished, wherever it is known from; null where that is nothing. */
export function findPainted(state: State, jobId: string): PaintedJob | null {
  const { run } = state;
  const job = findJob(state, jobId);
  return (jobIdOf(run) === jobId ? paintedByRun(run) : null) ?? (job === undefined ? null : paintedByJob(job));
}

/** The variant that was chosen to be looked at; null where none was, or it is not there. */
export function chosenVariant({ chosenVariants }: State, { jobId, variants }: PaintedJob): FinishedVariant | null {
  return variants.find(({ variant }) => variant === chosenVariants[jobId]) ?? null;
}

function findJob({ jobs }: State, jobId: string): JobSummary | undefined {
  return jobs.jobs.find((job) => job.jobId === jobId);
}

function focusOfJob(job: JobSummary): Focus {
  const { end } = job;
  const painted = paintedByJob(job);
  switch (end?.type) {
    case undefined:
      return { type: "pending", job, painted };
    case "done":
      return focusOfDone(painted);
    case "failed":
      return { type: "failed", problem: problemOf(new BackdropError(end.code, end.message)), job, painted };
    case "cancelled":
      return { type: "cancelled", job, painted };
  }
}

function focusOfDone(job: PaintedJob | null): Focus {
  return job === null ? { type: "nothing" } : { type: "done", job };
}

function paintedByRun(run: Run): PaintedJob | null {
  switch (run.type) {
    case "running":
      return paintedJob(run.job, run.variants, null, run.warnings);
    case "cancelling":
      return paintedJob(run.job, run.variants, null);
    case "done":
      return paintedJob(run.job, run.variants, run.end, run.warnings);
    case "failed":
    case "cancelled":
      return run.kept === null ? null : paintedJob(run.kept.job, run.kept.variants, null);
    case "idle":
    case "preparing":
    case "queued":
      return null;
  }
}

function paintedByJob(job: JobSummary): PaintedJob | null {
  return paintedJob(job, job.variants, job.end);
}

function paintedJob(
  { jobId, params }: Pick<PaintedJob, "jobId" | "params">,
  variants: readonly FinishedVariant[],
  end: JobEnd | null,
  warnings: readonly string[] = [],
): PaintedJob | null {
  const totalMs = end?.type === "done" ? (end.timingsMs.total ?? null) : null;
  return variants.length === 0 ? null : { jobId, params, variants, warnings, totalMs };
}
