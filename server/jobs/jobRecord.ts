import { isDeepStrictEqual } from "node:util";
import type { FinishedVariant, JobEnd, JobEvent, JobParams, JobSummary } from "../../shared/protocol/jobs.ts";
import type { JobOnDisk, StoredJob } from "./history.ts";
import { type JobState, stateName } from "./jobState.ts";

/** Events of one server's run have seqs of one block, so that a job that starts over continues above what was seen. */
export const seqsPerRestart = 2 ** 20;
/** A job that takes the server down with it is not tried for ever. */
export const maxRestarts = 5;

export interface SequencedEvent {
  readonly seq: number;
  readonly event: JobEvent;
}

/** One job in memory. */
export interface JobRecord {
  readonly jobId: string;
  readonly createdAt: string;
  readonly params: JobParams;
  readonly seed: number;
  readonly restarts: number;
  state: JobState;
  /** what clients have been told, in order */
  readonly events: SequencedEvent[];
  /** of an unfinished job, as a binary message */
  preview: { readonly seq: number; readonly frame: Uint8Array } | undefined;
  /** resolves when the record is on disk as it was accepted */
  admitted: Promise<void>;
}

/** Its variants are told before its end again: they have the last seqs before it. */
export function recordOf({ job, variants }: JobOnDisk, state: JobState): JobRecord {
  const { jobId, createdAt, params, seed, restarts, end } = job;
  const told = (finished: FinishedVariant): JobEvent => ({ type: "variant_done", ...finished });
  return {
    jobId,
    createdAt,
    params,
    seed,
    restarts,
    state,
    events: end ? [...variants.map((each, i) => ({ seq: end.seq - variants.length + i, event: told(each) })), end] : [],
    preview: undefined,
    admitted: Promise.resolve(),
  };
}

export function toStored(record: JobRecord, end: (SequencedEvent & { readonly event: JobEnd }) | null): StoredJob {
  const { jobId, createdAt, params, seed, restarts } = record;
  return { schemaVersion: 1, jobId, createdAt, params, seed, restarts, end };
}

/** What the job has finished so far, in order; of one that was told twice, the latest. */
export function variantsOf({ events }: JobRecord): readonly FinishedVariant[] {
  const latest = new Map<number, FinishedVariant>();
  for (const { event } of events) {
    if (event.type !== "variant_done") continue;
    const { type: _, ...finished } = event;
    latest.set(finished.variant, finished);
  }
  return [...latest.values()];
}

/** Another painter's picture of the same variant is not the same. */
export function isTold(record: JobRecord, finished: FinishedVariant): boolean {
  return variantsOf(record).some((told) => isDeepStrictEqual(told, finished));
}

export function lastSeq(record: JobRecord): number {
  return record.events.at(-1)?.seq ?? 0;
}

/** Of the next event. */
export function nextSeq(record: JobRecord): number {
  return Math.max(lastSeq(record), record.restarts * seqsPerRestart) + 1;
}

export function summarise(record: JobRecord): JobSummary {
  const { jobId, createdAt, params, state } = record;
  const end = state.type === "ended" ? state.end : null;
  return {
    jobId,
    createdAt,
    state: stateName(state),
    params,
    lastSeq: lastSeq(record),
    variants: [...variantsOf(record)],
    end,
  };
}

/** Parsing has put the keys in the schema's order, so equal parameters have equal text. */
export function sameParams(a: JobParams, b: JobParams): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
