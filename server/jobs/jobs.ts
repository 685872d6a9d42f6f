import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BackdropError, isRetryable, toBackdropError } from "../../shared/errors.ts";
import { encodeFrame } from "../../shared/protocol/frame.ts";
import {
  type FinishedVariant,
  isEnd,
  type JobEnd,
  type JobEvent,
  type JobParams,
  type JobSummary,
  type Output,
} from "../../shared/protocol/jobs.ts";
import { maxQueuedJobs } from "../../shared/protocol/limits.ts";
import type { Engine, RunListener } from "../engine/supervisor.ts";
import type { Log } from "../log/log.ts";
import { checkParams, engineRequest, inputsOf, type RequestContext } from "./engineRequest.ts";
import {
  isTold,
  type JobRecord,
  lastSeq,
  maxRestarts,
  nextSeq,
  recordOf,
  type SequencedEvent,
  sameParams,
  summarise,
  toStored,
  variantsOf,
} from "./jobRecord.ts";
import { advance, type JobInput, stateName } from "./jobState.ts";

export interface JobsOptions extends RequestContext {
  readonly engine: Engine;
  readonly log: Log;
  /** finished jobs that are kept */
  readonly maxKept?: number;
}

export interface JobListener {
  onEvent(jobId: string, event: SequencedEvent): void;
  /** `frame` is a binary message, ready to send */
  onPreview(jobId: string, frame: Uint8Array): void;
}

/** Every job that this server knows: accepts, queues, runs one at a time, remembers. */
export class Jobs {
  readonly listeners = new Set<JobListener>();
  private readonly options: JobsOptions;
  private readonly records = new Map<string, JobRecord>();
  private readonly queue: JobRecord[] = [];
  private running: { readonly record: JobRecord; readonly cancel: () => void } | undefined;
  private admitting = 0;
  private isStopping = false;
  /** ends that are being written */
  private readonly settling = new Set<Promise<void>>();

  private constructor(options: JobsOptions) {
    this.options = options;
  }

  /** Reads the history; jobs that the last server left unfinished go on with the first variant that is. */
  static async open(options: JobsOptions): Promise<Jobs> {
    const jobs = new Jobs(options);
    const { jobs: storedJobs, unreadable } = await options.history.load();
    if (unreadable.length > 0) options.log.error({ jobIds: unreadable }, "jobs whose record cannot be read");
    for (const { job, variants } of storedJobs) {
      if (job.end) {
        jobs.records.set(job.jobId, recordOf({ job, variants }, { type: "ended", end: job.end.event }));
        continue;
      }
      const restarted = { ...job, restarts: job.restarts + 1 };
      await options.history.save(restarted);
      const record = recordOf({ job: restarted, variants }, { type: "queued", attempt: 1 });
      jobs.records.set(record.jobId, record);
      jobs.restart(record, variants);
    }
    const queued = jobs.queue.flatMap(({ params }) => inputsOf(params).map(({ sha256 }) => sha256));
    // Painted by hand, so that the panel can bring it back from nowhere else.
    const masks = [...jobs.records.values()].flatMap(({ params }) => params.inputs.productMask ?? []);
    const inUse = [...queued, ...masks];
    await options.uploads.sweep(new Set(inUse));
    jobs.startNext();
    return jobs;
  }

  get queued(): number {
    return this.queue.length;
  }

  /** Accepts a job, once: the same id and parameters again are the same job. Resolves when it is safely on disk. */
  async submit(jobId: string, params: JobParams): Promise<JobSummary["state"]> {
    const known = this.records.get(jobId);
    if (known) {
      if (!sameParams(known.params, params)) {
        throw new BackdropError("job_conflict", "this job id belongs to a job with other parameters; make a new id");
      }
      await known.admitted;
      return stateName(known.state);
    }
    if (this.isStopping) {
      throw new BackdropError("shutting_down", "the server is stopping; submit again when it is back");
    }
    if (this.queue.length + this.admitting >= maxQueuedJobs) {
      throw new BackdropError("queue_full", `${maxQueuedJobs} jobs are waiting; wait for one to end or cancel one`);
    }
    const record: JobRecord = {
      jobId,
      createdAt: new Date().toISOString(),
      params,
      seed: params.settings.seed ?? randomInt(2 ** 32),
      restarts: 0,
      state: { type: "queued", attempt: 1 },
      events: [],
      preview: undefined,
      admitted: Promise.resolve(),
    };
    this.records.set(jobId, record);
    record.admitted = this.admit(record);
    await record.admitted;
    return stateName(record.state);
  }

  /** What becomes of the job is told at once; a running one ends between two steps. */
  cancel(jobId: string): JobSummary["state"] | "unknown" {
    const record = this.records.get(jobId);
    if (record === undefined) return "unknown";
    const at = this.queue.indexOf(record);
    if (at >= 0) this.queue.splice(at, 1);
    this.apply(record, { type: "cancel" });
    if (this.running?.record === record) this.running.cancel();
    return stateName(record.state);
  }

  /** What happened after `seq`, and the latest preview. */
  since(jobId: string, seq: number) {
    const record = this.records.get(jobId);
    if (record === undefined) throw unknownJob();
    return {
      events: record.events.filter((event) => event.seq > seq),
      preview: record.preview?.frame,
      state: stateName(record.state),
      lastSeq: lastSeq(record),
    };
  }

  /** Newest first. */
  list(limit: number, before: string | undefined): { readonly jobs: JobSummary[]; readonly more: boolean } {
    const ids = [...this.records.keys()].filter((id) => before === undefined || id < before).sort();
    const page = ids.slice(-limit).reverse();
    return {
      jobs: page.flatMap((id) => {
        const record = this.records.get(id);
        return record ? [summarise(record)] : [];
      }),
      more: ids.length > page.length,
    };
  }

  /** Forgets a job that has ended, with its files. */
  async remove(jobId: string): Promise<void> {
    const record = this.records.get(jobId);
    if (record === undefined) return;
    if (record.state.type !== "ended") {
      throw new BackdropError("job_conflict", "this job has not ended; cancel it first");
    }
    await Promise.all(this.settling);
    this.records.delete(jobId);
    await this.options.history.remove(jobId);
  }

  /** A finished file by its name: only what a `variant_done` listed is there. */
  findOutput(jobId: string, name: string): { readonly dir: string; readonly output: Output } | undefined {
    const record = this.records.get(jobId);
    if (record === undefined) return undefined;
    const outputs = variantsOf(record).flatMap((finished) => finished.outputs);
    const output = outputs.find((candidate) => candidate.name === name);
    return output && { dir: this.options.history.dirOf(jobId), output };
  }

  /** Takes no more jobs; gives the running one `drainMs` to end. What has not ended goes on next time. */
  async stop(drainMs: number): Promise<void> {
    this.isStopping = true;
    const deadline = Date.now() + drainMs;
    while (this.running && Date.now() < deadline) await sleep(20);
    // The promise of a cancel is kept; anything else goes on.
    if (this.running?.record.state.type === "cancelling") this.apply(this.running.record, { type: "crash" });
    this.running = undefined;
    await Promise.all(this.settling);
  }

  private async admit(record: JobRecord): Promise<void> {
    this.admitting++;
    try {
      await checkParams(record.params, this.options);
      await this.options.history.save(toStored(record, null));
    } catch (error) {
      this.records.delete(record.jobId);
      throw error;
    } finally {
      this.admitting--;
    }
    if (record.state.type !== "queued") return;
    this.tell(record, { type: "queued", ahead: this.queue.length + (this.running ? 1 : 0) });
    this.queue.push(record);
    this.startNext();
  }

  /** After a restart of the server. */
  private restart(record: JobRecord, variants: readonly FinishedVariant[]): void {
    for (const finished of variants) this.tell(record, { type: "variant_done", ...finished });
    if (record.restarts <= maxRestarts) {
      this.tell(record, { type: "retrying", attempt: record.restarts + 1 });
      this.queue.push(record);
      return;
    }
    const message = `the server stopped ${record.restarts} times during this job; try a smaller size`;
    this.apply(record, { type: "end", end: { type: "failed", code: "engine_crashed", message, retryable: true } });
  }

  private startNext(): void {
    if (this.running || this.isStopping) return;
    const record = this.queue.shift();
    if (record === undefined) return;
    this.apply(record, { type: "start" });
    this.running = { record, ...this.options.engine.run(engineRequest(record, this.options), this.listenTo(record)) };
  }

  private listenTo(record: JobRecord): RunListener {
    return {
      onProgress: (progress) => this.apply(record, { type: "progress", ...progress }),
      onWarning: (message) => this.apply(record, { type: "warning", message }),
      onPreview: ({ variant, step, steps, jpeg }) => {
        if (this.isOver(record) || record.state.type !== "running") return;
        const seq = lastSeq(record);
        const frame = encodeFrame({ kind: "preview", seq, step, steps, variant, id: record.jobId, payload: jpeg });
        record.preview = { seq, frame };
        for (const listener of this.listeners) listener.onPreview(record.jobId, frame);
      },
      onVariant: (finished) => {
        if (isTold(record, finished)) return;
        // It shows a picture that is better seen whole.
        record.preview = undefined;
        this.apply(record, { type: "variant_done", ...finished });
      },
      onEnd: (end) => this.runEnded(record, { type: "end", end }),
      onCrash: () => this.runEnded(record, { type: "crash" }),
    };
  }

  private runEnded(record: JobRecord, input: JobInput): void {
    // Given up while stopping: the next server goes on with it.
    if (this.isOver(record)) return;
    this.running = undefined;
    this.apply(record, input);
    if (record.state.type === "queued") this.queue.unshift(record);
    this.startNext();
  }

  private isOver(record: JobRecord): boolean {
    return this.running?.record !== record;
  }

  private apply(record: JobRecord, input: JobInput): void {
    const { state, event } = advance(record.state, input);
    record.state = state;
    if (event === undefined) return;
    if (!isEnd(event)) {
      this.tell(record, event);
      return;
    }
    const settled = this.settle(record, event)
      .catch((err: unknown) => this.options.log.error({ jobId: record.jobId, err }, "old jobs cannot be deleted"))
      .finally(() => this.settling.delete(settled));
    this.settling.add(settled);
  }

  /** An end is on disk before anybody hears of it, so that no restart can take it back. */
  private async settle(record: JobRecord, end: JobEnd): Promise<void> {
    record.preview = undefined;
    const wasAdmitted = await record.admitted.then(
      () => true,
      () => false,
    );
    // Cancelled and refused at the same time: it never was a job.
    if (!wasAdmitted) return;
    if (end.type !== "done") await this.tellUntold(record);
    try {
      await this.options.history.save(toStored(record, { seq: nextSeq(record), event: end }));
      this.tell(record, end);
    } catch (thrown) {
      const { code, message, cause } = toBackdropError(thrown);
      this.options.log.error({ jobId: record.jobId, code, err: cause }, "a job's end cannot be written");
      const failed: JobEnd = { type: "failed", code, message, retryable: isRetryable(code) };
      record.state = { type: "ended", end: failed };
      this.tell(record, failed);
    }
    this.options.log.info({ jobId: record.jobId, end: record.state.type === "ended" && record.state.end.type }, "job");
    await this.forgetOldest();
  }

  /** What was finished by an engine that ended before it could say so: the next server would find it. */
  private async tellUntold(record: JobRecord): Promise<void> {
    for (const finished of await this.options.history.readFinished(record)) {
      if (!isTold(record, finished)) this.tell(record, { type: "variant_done", ...finished });
    }
  }

  private tell(record: JobRecord, event: JobEvent): void {
    const sequenced = { seq: nextSeq(record), event };
    record.events.push(sequenced);
    for (const listener of this.listeners) listener.onEvent(record.jobId, sequenced);
  }

  private async forgetOldest(): Promise<void> {
    const finished = [...this.records.values()].filter(({ state }) => state.type === "ended");
    for (const { jobId } of finished.slice(0, Math.max(0, finished.length - (this.options.maxKept ?? 200)))) {
      this.records.delete(jobId);
      await this.options.history.remove(jobId);
    }
  }
}

function unknownJob(): BackdropError {
  return new BackdropError("job_unknown", "no such job; submit it again");
}
