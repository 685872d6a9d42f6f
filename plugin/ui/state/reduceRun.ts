import { BackdropError } from "../../../shared/errors.ts";
import type { FinishedVariant, JobEvent, JobSummary } from "../../../shared/protocol/jobs.ts";
import type { Action } from "./action.ts";
import { nextProgress } from "./pace.ts";
import { isInForm, type Problem, problemOf, withProblem } from "./problem.ts";
import { type ActiveRun, isActive, jobIdOf, type KeptVariants, type Run, type RunJob } from "./run.ts";
import type { State } from "./state.ts";

type RunAction = Extract<Action, { type: `run_${string}` }>;

/** The run in hand. What is told of another job, or of one that ended, changes nothing. */
export function reduceRun(state: State, action: RunAction): State {
  switch (action.type) {
    case "run_started": {
      const { jobId, seed } = action;
      return {
        ...state,
        run: { type: "preparing", jobId, seed, task: "freezing" },
        form: { ...state.form, seed },
        problems: [],
        tab: "results",
        focusedJob: null,
        isRegenerating: false,
        editor: { type: "closed" },
      };
    }
    case "run_found":
      return isActive(state.run) ? state : { ...state, run: runOfSummary(state, action.job), tab: "results" };
    default:
      return isActive(state.run) && jobIdOf(state.run) === action.jobId ? advance(state, action) : state;
  }
}

function advance(state: State, action: Exclude<RunAction, { type: "run_started" | "run_found" }>): State {
  const { run } = state;
  switch (action.type) {
    case "run_task":
      return run.type === "preparing" ? { ...state, run: { ...run, task: action.task } } : state;
    case "run_submitted": {
      if (run.type !== "preparing") return state;
      const { jobId, params, note } = action;
      const job: RunJob = { jobId, params, note, seed: run.seed };
      const jobNotes = { ...state.jobNotes, [jobId]: note };
      return { ...state, jobNotes, run: { type: "queued", job, ahead: 0, warnings: [] } };
    }
    case "run_event":
      return advanceByEvent(state, action.event, action.atMs);
    case "run_preview": {
      if (run.type !== "running" && run.type !== "cancelling") return state;
      // A late one of a variant that is finished shows no other.
      if (has(run.variants, action.variant)) return state;
      return { ...state, run: { ...run, preview: action.preview } };
    }
    case "run_cancelling":
      if (run.type === "queued") return cancelling(state, run.job, null);
      return run.type === "running" ? cancelling(state, run.job, run) : state;
    case "run_cancelled":
      return { ...state, run: { type: "cancelled", jobId: action.jobId, kept: keptOf(run) } };
    case "run_failed":
      return fail(state, action.jobId, action.problem, keptOf(run));
  }
}

function advanceByEvent(state: State, event: JobEvent, atMs: number): State {
  const { run } = state;
  if (run.type !== "queued" && run.type !== "running" && run.type !== "cancelling") return state;
  const { job } = run;
  const warnings = run.type === "cancelling" ? [] : run.warnings;
  switch (event.type) {
    case "done":
      return { ...state, run: { type: "done", job, end: event, variants: finishedOf(run), warnings } };
    case "failed":
      return fail(state, job.jobId, problemOf(new BackdropError(event.code, event.message)), keptOf(run));
    case "cancelled":
      return { ...state, run: { type: "cancelled", jobId: job.jobId, kept: keptOf(run) } };
    case "variant_done":
      return { ...state, run: finish(run.type === "queued" ? running(run, 1) : run, event) };
    default:
      return { ...state, run: run.type === "cancelling" ? run : advanceRun(run, event, atMs) };
  }
}

type Painting = Extract<Run, { type: "running" | "cancelling" }>;

/** One that is told again, after a restart of the server, is the same, unless another model painted it anew. */
function finish<Kind extends Painting>(run: Kind, event: Extract<JobEvent, { type: "variant_done" }>): Kind {
  const { type: _, ...finished } = event;
  if (has(run.variants, finished.variant)) {
    return { ...run, variants: run.variants.map((each) => (each.variant === finished.variant ? finished : each)) };
  }
  return { ...run, preview: null, variants: [...run.variants, finished] };
}

function has(variants: readonly FinishedVariant[], number: number): boolean {
  return variants.some(({ variant }) => variant === number);
}

function finishedOf(run: ActiveRun): readonly FinishedVariant[] {
  return run.type === "running" || run.type === "cancelling" ? run.variants : [];
}

function keptOf(run: Run): KeptVariants | null {
  return run.type === "running" || run.type === "cancelling" ? { job: run.job, variants: run.variants } : null;
}

type Going = Extract<Run, { type: "queued" | "running" }>;
type GoingEvent = Exclude<JobEvent, { type: "done" | "failed" | "cancelled" | "variant_done" }>;

function advanceRun(run: Going, event: GoingEvent, atMs: number): Going {
  const { job, warnings } = run;
  switch (event.type) {
    case "queued":
      return { type: "queued", job, warnings, ahead: event.ahead };
    case "started":
      return running(run, event.attempt);
    case "progress": {
      const current = run.type === "running" ? run : running(run, 1);
      return { ...current, progress: nextProgress(current.progress, event, atMs) };
    }
    case "warning":
      return { ...run, warnings: [...warnings, event.message] };
    case "retrying":
      return running(run, event.attempt);
  }
}

/** From the first step on that is not finished. */
function running(run: Going, attempt: number): Extract<Run, { type: "running" }> {
  const { job, warnings } = run;
  return { type: "running", job, progress: null, preview: null, variants: finishedOf(run), attempt, warnings };
}

function cancelling(state: State, job: RunJob, shown: Extract<Run, { type: "running" }> | null): State {
  const { progress, preview, variants } = shown ?? { progress: null, preview: null, variants: [] };
  return { ...state, run: { type: "cancelling", job, progress, preview, variants } };
}

/** A problem that can be put right in the form is shown there too. */
function fail(state: State, jobId: string, problem: Problem, kept: KeptVariants | null): State {
  const problems = isInForm(problem.place) ? withProblem(state.problems, problem) : state.problems;
  return { ...state, run: { type: "failed", jobId, problem, kept }, problems };
}

/** Its events are told again from the first one on. A drawn seed is told by `done`. */
function runOfSummary({ jobNotes }: State, { jobId, params, state }: JobSummary): Run {
  const job: RunJob = { jobId, params, seed: params.settings.seed ?? 0, note: jobNotes[jobId] ?? null };
  return state === "cancelling"
    ? { type: "cancelling", job, progress: null, preview: null, variants: [] }
    : { type: "queued", job, ahead: 0, warnings: [] };
}
