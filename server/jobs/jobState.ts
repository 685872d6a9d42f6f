import type { z } from "zod";
import type { JobEnd, JobEvent, progressSchema, variantDoneSchema, warningSchema } from "../../shared/protocol/jobs.ts";

/** Where a job is. `attempt` counts from 1: the one that runs, or the one that starts next. */
export type JobState =
  | { readonly type: "queued"; readonly attempt: number }
  | { readonly type: "running"; readonly attempt: number }
  | { readonly type: "cancelling"; readonly attempt: number }
  | { readonly type: "ended"; readonly end: JobEnd };

/** What can happen to a job. */
export type JobInput =
  | { readonly type: "start" }
  | z.output<typeof progressSchema>
  | z.output<typeof variantDoneSchema>
  | z.output<typeof warningSchema>
  | { readonly type: "cancel" }
  /** the engine died under it */
  | { readonly type: "crash" }
  /** the engine, or something that keeps it from the engine, says how it ended */
  | { readonly type: "end"; readonly end: JobEnd };

export interface Advance {
  readonly state: JobState;
  /** what the job's clients are told */
  readonly event?: JobEvent;
}

/** A job is tried once more when the engine dies under it. */
export const maxAttempts = 2;

/** The job's next state. What makes no sense in a state is ignored, so an end is final and comes once. */
export function advance(state: JobState, input: JobInput): Advance {
  switch (state.type) {
    case "queued":
      return advanceQueued(state, input);
    case "running":
      return advanceRunning(state, input);
    case "cancelling":
      // It was finished before the engine heard of the cancel.
      if (input.type === "variant_done") return { state, event: input };
      // However the engine stops, the person was told that the job is being cancelled.
      return input.type === "crash" || input.type === "end" ? ended({ type: "cancelled" }) : { state };
    case "ended":
      return { state };
  }
}

/** The state's name on the wire. */
export function stateName(state: JobState) {
  return state.type === "ended" ? state.end.type : state.type;
}

function advanceQueued(state: JobState & { type: "queued" }, input: JobInput): Advance {
  const { attempt } = state;
  switch (input.type) {
    case "start":
      return { state: { type: "running", attempt }, event: { type: "started", attempt } };
    case "cancel":
      return ended({ type: "cancelled" });
    case "end":
      return ended(input.end);
    default:
      return { state };
  }
}

function advanceRunning(state: JobState & { type: "running" }, input: JobInput): Advance {
  switch (input.type) {
    case "progress":
    case "variant_done":
    case "warning":
      return { state, event: input };
    case "cancel":
      return { state: { type: "cancelling", attempt: state.attempt } };
    case "end":
      return ended(input.end);
    case "crash": {
      const attempt = state.attempt + 1;
      return attempt <= maxAttempts
        ? { state: { type: "queued", attempt }, event: { type: "retrying", attempt } }
        : ended(crashed);
    }
    default:
      return { state };
  }
}

const crashed: JobEnd = {
  type: "failed",
  code: "engine_crashed",
  message: "the engine stopped unexpectedly twice on this job; try a smaller size, or see the server's log",
  retryable: true,
};

function ended(end: JobEnd): Advance {
  return { state: { type: "ended", end }, event: end };
}
