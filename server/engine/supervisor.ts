import { type ChildProcess, fork } from "node:child_process";
import { totalmem } from "node:os";
import { isRetryable } from "../../shared/errors.ts";
import type { FinishedVariant, JobEnd } from "../../shared/protocol/jobs.ts";
import type { Log } from "../log/log.ts";
import {
  type AssistAnswer,
  type AssistRequest,
  type EngineCommand,
  type EngineMessage,
  type EngineRequest,
  engineMessageSchema,
} from "./messages.ts";

/** What a running job tells; exactly one of `onEnd` and `onCrash` comes, last. */
export interface RunListener {
  onProgress(progress: { readonly variant: number; readonly step: number; readonly steps: number }): void;
  onPreview(preview: EngineMessage & { type: "preview" }): void;
  /** it is on disk; an attempt tells again what an earlier one has finished */
  onVariant(finished: FinishedVariant): void;
  onWarning(message: string): void;
  onEnd(end: JobEnd): void;
  /** the engine died, or was killed */
  onCrash(): void;
}

export interface Engine {
  /** One at a time. */
  run(request: EngineRequest, listener: RunListener): { cancel(): void };
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  /** the program of the engine's process */
  readonly childPath: string;
  readonly log: Log;
  /** a step that goes on for longer after a cancel is killed */
  readonly cancelGraceMs?: number;
  /** an engine that says nothing for this long has hung */
  readonly silenceMs?: number;
  /** an engine that has grown beyond this is replaced between two jobs */
  readonly maxRssBytes?: number;
}

/** What a helper's task comes to; exactly one of the three comes. */
export interface AssistListener {
  onAnswer(answer: AssistAnswer): void;
  onEnd(end: Exclude<JobEnd, { type: "done" }>): void;
  /** the engine died */
  onCrash(): void;
}

interface Run {
  readonly jobId: string;
  readonly listener: RunListener | AssistListener;
  silence: NodeJS.Timeout;
  grace?: NodeJS.Timeout;
}

type MessageOfJob = Extract<EngineMessage, { type: "progress" | "preview" | "variant_done" | "warning" | "done" }>;

/** Starts the engine's process, watches it, and replaces it when it crashes, hangs or grows. */
export class Supervisor implements Engine {
  private readonly options: Required<SupervisorOptions>;
  private child: ChildProcess | undefined;
  private current: Run | undefined;
  private isStopping = false;
  /** processes that were started after the first */
  replacements = 0;

  constructor(options: SupervisorOptions) {
    this.options = { cancelGraceMs: 2_000, silenceMs: 600_000, maxRssBytes: totalmem() / 2, ...options };
    this.start();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  run(request: EngineRequest, listener: RunListener) {
    const run = this.begin(request.jobId, listener, { type: "run", request });
    return { cancel: () => this.cancel(run) };
  }

  /** One at a time, and none beside a job. Cancelling never kills the engine: the loaded model is worth more than the wait. */
  assist(request: AssistRequest, listener: AssistListener) {
    this.begin(request.jobId, listener, { type: "assist", request });
    return { cancel: () => this.send({ type: "cancel", jobId: request.jobId }) };
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const { child } = this;
    if (child === undefined) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await exited;
  }

  private begin(jobId: string, listener: Run["listener"], command: EngineCommand): Run {
    if (this.current) throw new Error("supervisor: one thing at a time");
    const run: Run = { jobId, listener, silence: this.watchSilence() };
    this.current = run;
    this.send(command);
    return run;
  }

  private start(): ChildProcess {
    const child = fork(this.options.childPath, [], {
      serialization: "advanced",
      // Node's inspector and loader flags are the main process's own.
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.options.log.warn({ engine: child.pid, text: text.slice(0, 2000) }, "engine wrote to stderr");
    });
    let wasReady = false;
    let isGone = false;
    child.on("message", (message) => {
      if (child !== this.child) return;
      wasReady = true;
      this.receive(message);
    });
    const gone = (reason: string) => {
      if (isGone) return;
      isGone = true;
      this.childGone(child, reason, wasReady);
    };
    child.on("exit", (code, signal) => gone(signal ?? `exit ${code}`));
    child.on("error", (error) => gone(error.message));
    return child;
  }

  private childGone(child: ChildProcess, reason: string, wasReady: boolean): void {
    if (child !== this.child) return;
    this.child = undefined;
    const run = this.end();
    if (!this.isStopping) {
      this.options.log.warn({ engine: child.pid, reason, jobId: run?.jobId }, "engine stopped");
      // One that never came up would not come up now either: the next job tries again.
      if (wasReady) this.replace();
    }
    run?.listener.onCrash();
  }

  private replace(): ChildProcess {
    this.replacements++;
    return this.start();
  }

  private receive(raw: unknown): void {
    const parsed = engineMessageSchema.safeParse(raw);
    if (!parsed.success) {
      this.options.log.error({ engine: this.pid, issues: parsed.error.issues }, "engine said something unknown");
      this.kill();
      return;
    }
    const message = parsed.data;
    const run = this.current;
    if (message.type === "ready" || run === undefined || message.jobId !== run.jobId) return;
    clearTimeout(run.silence);
    run.silence = this.watchSilence();
    switch (message.type) {
      case "failed":
        this.end();
        this.options.log.warn({ jobId: message.jobId, code: message.code, detail: message.detail }, "job failed");
        run.listener.onEnd(failure(message));
        break;
      case "cancelled":
        this.end();
        run.listener.onEnd({ type: "cancelled" });
        break;
      case "answered":
        if (!("onAnswer" in run.listener)) break;
        this.end();
        run.listener.onAnswer(message.answer);
        break;
      default:
        if ("onProgress" in run.listener) this.tellJob(run.listener, message);
    }
  }

  private tellJob(listener: RunListener, message: MessageOfJob): void {
    switch (message.type) {
      case "progress":
        listener.onProgress({ variant: message.variant, step: message.step, steps: message.steps });
        break;
      case "preview":
        listener.onPreview(message);
        break;
      case "variant_done": {
        const { type: _, jobId: __, ...finished } = message;
        listener.onVariant(finished);
        break;
      }
      case "warning":
        listener.onWarning(message.message);
        break;
      case "done": {
        const { jobId: _, rssBytes, ...done } = message;
        this.end();
        if (rssBytes > this.options.maxRssBytes) this.outgrown(rssBytes);
        listener.onEnd(done);
        break;
      }
    }
  }

  private outgrown(rssBytes: number): void {
    this.options.log.info({ engine: this.pid, rssBytes }, "engine has grown too large and is replaced");
    const { child } = this;
    this.child = undefined;
    child?.kill("SIGKILL");
    this.replace();
  }

  private cancel(run: Run): void {
    if (run !== this.current || run.grace !== undefined) return;
    run.grace = setTimeout(() => this.kill(), this.options.cancelGraceMs);
    this.send({ type: "cancel", jobId: run.jobId });
  }

  private send(command: EngineCommand): void {
    // A failing send means that the process is gone, and its exit says so too.
    (this.child ?? this.replace()).send(command, () => {});
  }

  private watchSilence(): NodeJS.Timeout {
    return setTimeout(() => this.kill(), this.options.silenceMs);
  }

  private kill(): void {
    this.child?.kill("SIGKILL");
  }

  /** Ends the current run's timers and forgets it. */
  private end(): Run | undefined {
    const run = this.current;
    this.current = undefined;
    clearTimeout(run?.silence);
    clearTimeout(run?.grace);
    return run;
  }
}

/** Native text and paths stay in the log; every code but `internal` has a message for people. */
function failure({ code, message }: EngineMessage & { type: "failed" }): JobEnd & { type: "failed" } {
  const shown =
    code === "internal"
      ? "the engine failed on this job; the server's log has the details under the job's id"
      : message;
  return { type: "failed", code, message: shown, retryable: isRetryable(code) };
}
