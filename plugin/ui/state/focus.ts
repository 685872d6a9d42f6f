import { BackdropError } from "../../../shared/errors.ts";
import type { JobEnd, JobParams, JobSummary } from "../../../shared/protocol/jobs.ts";
import { type Problem, problemOf } from "./problem.ts";
import { type ActiveRun, isActive, jobIdOf } from "./run.ts";
import type { State } from "./state.ts";

export type DoneEnd = Extract<JobEnd, { type: "done" }>;

/** A job with results. */
export interface DoneJob {
  readonly jobId: string;
  readonly params: JobParams;
  readonly end: DoneEnd;
  readonly warnings: readonly string[];
}

/** What the results' tab shows large. A `job` of null: the run that just ended, which the history does not have. */
export type Focus =
  | { readonly type: "nothing" }
  | { readonly type: "live"; readonly run: ActiveRun }
  | { readonly type: "done"; readonly job: DoneJob }
  | { readonly type: "failed"; readonly problem: Problem; readonly job: JobSummary | null }
  | { readonly type: "cancelled"; readonly job: JobSummary | null }
  /** queued or running, and not the run of this panel */
  | { readonly type: "pending"; readonly job: JobSummary };

/** The job that the person chose; else the run, else the newest of the history. */
export function focusOf(state: State): Focus {
  const { run, focusedJob, jobs } = state;
  const chosen = focusedJob === null || focusedJob === jobIdOf(run) ? undefined : findJob(state, focusedJob);
  if (chosen !== undefined) return focusOfJob(chosen);
  if (isActive(run)) return { type: "live", run };
  switch (run.type) {
    case "done":
      return { type: "done", job: { ...run.job, end: run.end, warnings: run.warnings } };
    case "failed":
      return { type: "failed", problem: run.problem, job: findJob(state, run.jobId) ?? null };
    case "cancelled":
      return { type: "cancelled", job: findJob(state, run.jobId) ?? null };
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

/** The parameters and the end of a finished job, wherever it is known from. */
export function findDone(state: State, jobId: string): DoneJob | undefined {
  const { run } = state;
  if (run.type === "done" && run.job.jobId === jobId) return { ...run.job, end: run.end, warnings: run.warnings };
  const job = findJob(state, jobId);
  return job?.end?.type === "done" ? { ...job, end: job.end, warnings: [] } : undefined;
}

/** from 1, in order */
export function variantsOf({ outputs }: DoneEnd): readonly number[] {
  return outputs.filter(({ role }) => role === "result").map(({ variant }) => variant);
}

/** Variants have consecutive seeds; after the largest comes 0. */
export function seedOf({ seed }: DoneEnd, variant: number): number {
  return (seed + variant - 1) >>> 0;
}

function findJob({ jobs }: State, jobId: string): JobSummary | undefined {
  return jobs.jobs.find((job) => job.jobId === jobId);
}

function focusOfJob(job: JobSummary): Focus {
  const { end } = job;
  switch (end?.type) {
    case undefined:
      return { type: "pending", job };
    case "done":
      return { type: "done", job: { ...job, end, warnings: [] } };
    case "failed":
      return { type: "failed", problem: problemOf(new BackdropError(end.code, end.message)), job };
    case "cancelled":
      return { type: "cancelled", job };
  }
}
