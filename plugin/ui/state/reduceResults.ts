import type { JobSummary } from "../../../shared/protocol/jobs.ts";
import type { PlacedResult } from "../../messages.ts";
import type { Action } from "./action.ts";
import { isActive, jobIdOf } from "./run.ts";
import { type Insertion, type JobList, resultKey, type State } from "./state.ts";

type ResultsAction = Extract<
  Action,
  {
    type:
      | `jobs_${string}`
      | "job_removed"
      | "job_focused"
      | "variant_chosen"
      | "insertion_changed"
      | "results_found"
      | "result_gone";
  }
>;

/** The history, and what became of its results in the document. */
export function reduceResults(state: State, action: ResultsAction): State {
  switch (action.type) {
    case "jobs_reading":
      return { ...state, jobs: { ...state.jobs, status: "reading" } };
    case "jobs_failed":
      return { ...state, jobs: { ...state.jobs, status: "failed" } };
    case "jobs_read":
      return { ...state, jobs: action.isContinued ? continued(state.jobs, action) : renewed(state.jobs, action) };
    case "job_removed":
      return removeJob(state, action.jobId);
    case "job_focused":
      return { ...state, focusedJob: action.jobId };
    case "variant_chosen":
      return chooseVariant(state, action.jobId, action.variant);
    case "insertion_changed":
      return changeInsertion(state, action.key, action.insertion);
    case "results_found":
      return { ...state, insertions: { ...insertionsOf(action.results), ...state.insertions } };
    case "result_gone":
      return {
        ...state,
        insertions: without(state.insertions, (insertion) => nodeOf(insertion) === action.nodeId),
        replaceable: state.replaceable === action.nodeId ? null : state.replaceable,
      };
  }
}

interface Page {
  readonly jobs: readonly JobSummary[];
  readonly more: boolean;
}

function continued(list: JobList, page: Page): JobList {
  const known = new Set(list.jobs.map(({ jobId }) => jobId));
  return {
    ...list,
    jobs: [...list.jobs, ...page.jobs.filter(({ jobId }) => !known.has(jobId))],
    more: page.more,
    status: "read",
  };
}

/** The newest page; older ones that were read already stay. Job ids sort by time. */
function renewed(list: JobList, page: Page): JobList {
  const oldest = page.jobs.at(-1)?.jobId;
  const kept = page.more && oldest !== undefined ? list.jobs.filter(({ jobId }) => jobId < oldest) : [];
  return { ...list, jobs: [...page.jobs, ...kept], more: kept.length > 0 ? list.more : page.more, status: "read" };
}

function removeJob(state: State, jobId: string): State {
  const { jobs, jobNotes, run, focusedJob } = state;
  const { [jobId]: _, ...otherNotes } = jobNotes;
  return {
    ...state,
    jobs: { ...jobs, jobs: jobs.jobs.filter((job) => job.jobId !== jobId) },
    jobNotes: otherNotes,
    run: jobIdOf(run) === jobId && !isActive(run) ? { type: "idle" } : run,
    focusedJob: focusedJob === jobId ? null : focusedJob,
  };
}

function chooseVariant(state: State, jobId: string, variant: number | null): State {
  const { [jobId]: _, ...others } = state.chosenVariants;
  return { ...state, chosenVariants: variant === null ? others : { ...others, [jobId]: variant } };
}

/** Of copies of a result the lowest counts: the latest written here is the first told. */
function insertionsOf(results: readonly PlacedResult[]): State["insertions"] {
  return Object.fromEntries(
    results.toReversed().map(({ nodeId, jobId, variant }) => [resultKey(jobId, variant), { type: "inserted", nodeId }]),
  );
}

function changeInsertion(state: State, changed: string, insertion: Insertion | null): State {
  const others = without(state.insertions, (_, key) => key === changed);
  if (insertion === null) return { ...state, insertions: others };
  const replaceable = insertion.type === "inserted" ? insertion.nodeId : state.replaceable;
  return { ...state, insertions: { ...others, [changed]: insertion }, replaceable };
}

function without(
  insertions: State["insertions"],
  isDropped: (insertion: Insertion, key: string) => boolean,
): State["insertions"] {
  return Object.fromEntries(Object.entries(insertions).filter(([key, insertion]) => !isDropped(insertion, key)));
}

function nodeOf(insertion: Insertion): string | null {
  return insertion.type === "inserted" ? insertion.nodeId : null;
}
