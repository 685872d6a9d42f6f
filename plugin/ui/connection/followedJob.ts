import type { ErrorCode } from "../../../shared/errors.ts";
import type { ClientMessageInput } from "../../../shared/protocol/clientMessages.ts";
import { isEnd, type JobEvent, type JobParams } from "../../../shared/protocol/jobs.ts";

/** A job on its way to its end, across connections. */
export interface FollowedJob {
  readonly jobId: string;
  /** undefined: it was submitted in an earlier opening of the panel */
  readonly params: JobParams | undefined;
  /**
   * `unsent`: no server has heard of it. `unasked`: one may have, and is still to be asked for its events.
   * `asked`: it was; from then on every `prove` resumes it.
   */
  readonly phase: "unsent" | "unasked" | "asked";
  /** of the last event that was delivered, 0 for none */
  readonly lastSeq: number;
  readonly isCancelled: boolean;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pointer: string | undefined;
}

export type FollowInput =
  /** a connection is ready; jobs that its `prove` resumed are `asked` already */
  | { readonly type: "connected" }
  | { readonly type: "cancel" }
  | { readonly type: "event"; readonly seq: number; readonly event: JobEvent }
  | { readonly type: "refused"; readonly refusal: Refusal };

export interface FollowAdvance {
  /** undefined: it is over */
  readonly job: FollowedJob | undefined;
  readonly send?: readonly ClientMessageInput[];
  /** for the panel */
  readonly event?: JobEvent;
  readonly refusal?: Refusal;
}

/** What becomes of a followed job, what the server is told and what the panel hears. */
export function advanceFollowed(job: FollowedJob, input: FollowInput): FollowAdvance {
  switch (input.type) {
    case "connected":
      return { job: { ...job, phase: "asked" }, send: [...ask(job), ...cancelIfWanted(job)] };
    case "cancel":
      return cancel(job);
    case "event":
      return deliver(job, input.seq, input.event);
    case "refused":
      return refuse(job, input.refusal);
  }
}

function ask({ jobId, params, phase, lastSeq }: FollowedJob): readonly ClientMessageInput[] {
  if (phase === "asked") return [];
  const isNew = phase === "unsent" && params !== undefined;
  return [isNew ? { type: "submit", jobId, params } : { type: "resume", jobId, lastSeq }];
}

function cancelIfWanted({ jobId, isCancelled }: FollowedJob): readonly ClientMessageInput[] {
  return isCancelled ? [{ type: "cancel", jobId }] : [];
}

/** What no server has heard of ends at once; anything else ends when its server says so. */
function cancel(job: FollowedJob): FollowAdvance {
  if (job.phase === "unsent") return { job: undefined, event: { type: "cancelled" } };
  const cancelled = { ...job, isCancelled: true };
  return { job: cancelled, send: cancelIfWanted(cancelled) };
}

function deliver(job: FollowedJob, seq: number, event: JobEvent): FollowAdvance {
  if (seq <= job.lastSeq) return { job };
  return { job: isEnd(event) ? undefined : { ...job, lastSeq: seq }, event };
}

function refuse(job: FollowedJob, refusal: Refusal): FollowAdvance {
  switch (refusal.code) {
    case "job_unknown": {
      if (job.isCancelled) return { job: undefined, event: { type: "cancelled" } };
      const { jobId, params } = job;
      if (params === undefined) return { job: undefined, refusal };
      // The submit was lost with its connection, so the job starts from its first event.
      return { job: { ...job, lastSeq: 0 }, send: [{ type: "submit", jobId, params }] };
    }
    case "shutting_down":
      return job.params === undefined ? { job: undefined, refusal } : { job: { ...job, phase: "unsent" } };
    default:
      return { job: undefined, refusal };
  }
}
