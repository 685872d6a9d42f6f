import { BackdropError } from "../../../shared/errors.ts";
import type { ClientMessageInput } from "../../../shared/protocol/clientMessages.ts";
import type { Frame } from "../../../shared/protocol/frame.ts";
import type { JobEvent, JobParams } from "../../../shared/protocol/jobs.ts";
import { maxTextBytes } from "../../../shared/protocol/limits.ts";
import { parseClientMessage } from "../../../shared/protocol/parse.ts";
import type { ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";
import type { Preview } from "./connection.ts";
import { advanceFollowed, type FollowedJob, type FollowInput, type Refusal } from "./followedJob.ts";
import type { ResumePoint } from "./handshake.ts";

export interface JobsListener {
  onJobEvent(jobId: string, event: JobEvent): void;
  onPreview(preview: Preview): void;
  onRefused(jobId: string, refusal: Refusal): void;
}

type Send = (message: ClientMessageInput) => void;

/** Every job that the panel waits for. */
export class Jobs {
  private readonly listener: JobsListener;
  private readonly followed = new Map<string, FollowedJob>();
  private send: Send | undefined;

  constructor(listener: JobsListener) {
    this.listener = listener;
  }

  submit(jobId: string, params: JobParams): void {
    if (this.followed.has(jobId)) return;
    const refusal = refusalOf({ type: "submit", jobId, params });
    if (refusal !== undefined) this.listener.onRefused(jobId, refusal);
    else this.add({ jobId, params, phase: "unsent", lastSeq: 0, isCancelled: false });
  }

  follow(jobId: string): void {
    if (this.followed.has(jobId)) return;
    this.add({ jobId, params: undefined, phase: "unasked", lastSeq: 0, isCancelled: false });
  }

  cancel(jobId: string): void {
    this.advance(jobId, { type: "cancel" });
  }

  /** For `prove`: what a server may know of. With that, these count as asked for. */
  takeResumePoints(): readonly ResumePoint[] {
    const sent = [...this.followed.values()].filter(({ phase }) => phase !== "unsent");
    for (const job of sent) this.followed.set(job.jobId, { ...job, phase: "asked" });
    return sent.map(({ jobId, lastSeq }) => ({ jobId, lastSeq }));
  }

  attach(send: Send): void {
    this.send = send;
    for (const jobId of [...this.followed.keys()]) this.advance(jobId, { type: "connected" });
  }

  detach(): void {
    this.send = undefined;
  }

  receiveEvent({ jobId, seq, event }: ServerMessageOf<"event">): void {
    this.advance(jobId, { type: "event", seq, event });
  }

  receiveError(jobId: string, { code, message, pointer }: ServerMessageOf<"error">): void {
    this.advance(jobId, { type: "refused", refusal: { code, message, pointer } });
  }

  receivePreview({ id: jobId, variant, step, steps, payload: jpeg }: Frame): void {
    if (this.followed.has(jobId)) this.listener.onPreview({ jobId, variant, step, steps, jpeg });
  }

  private add(job: FollowedJob): void {
    this.followed.set(job.jobId, job);
    if (this.send !== undefined) this.advance(job.jobId, { type: "connected" });
  }

  private advance(jobId: string, input: FollowInput): void {
    const before = this.followed.get(jobId);
    if (before === undefined) return;
    const { job, send = [], event, refusal } = advanceFollowed(before, input);
    if (job === undefined) this.followed.delete(jobId);
    else this.followed.set(jobId, job);
    for (const message of send) this.send?.(message);
    if (event !== undefined) this.listener.onJobEvent(jobId, event);
    if (refusal !== undefined) this.listener.onRefused(jobId, refusal);
  }
}

/** What every server would refuse is not sent: it would cost the connection, and again after every return. */
function refusalOf(message: ClientMessageInput): Refusal | undefined {
  const text = JSON.stringify(message);
  try {
    parseClientMessage(text);
  } catch (thrown) {
    if (!(thrown instanceof BackdropError)) throw thrown;
    return { code: thrown.code, message: thrown.message, pointer: thrown.pointer };
  }
  if (new TextEncoder().encode(text).length <= maxTextBytes) return undefined;
  return { code: "invalid_params", message: `the job's text is above ${maxTextBytes} bytes; shorten it`, pointer: "" };
}
