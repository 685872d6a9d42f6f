import { BackdropError } from "../../shared/errors.ts";
import type { AssistAnswer, AssistRequest, EngineRequest } from "./messages.ts";
import type { Engine, RunListener, Supervisor } from "./supervisor.ts";

interface Turn {
  readonly kind: "job" | "assist";
  readonly begin: () => void;
}

/**
 * Who has the engine. One thing runs at a time, and a running job is never disturbed: helpers wait until it has ended. Between
 * two jobs one question to a helper is let in, so neither waits for all of the other's.
 */
export class Turns implements Engine {
  private readonly engine: Pick<Supervisor, "run" | "assist" | "stop">;
  private current: Turn | undefined;
  private waiting: readonly Turn[] = [];

  constructor(engine: Pick<Supervisor, "run" | "assist" | "stop">) {
    this.engine = engine;
  }

  run(request: EngineRequest, listener: RunListener) {
    let running: { cancel(): void } | undefined;
    const turn: Turn = {
      kind: "job",
      begin: () => {
        running = this.engine.run(request, {
          ...listener,
          onEnd: (end) => {
            this.pass(turn);
            listener.onEnd(end);
          },
          onCrash: () => {
            this.pass(turn);
            listener.onCrash();
          },
        });
      },
    };
    this.take(turn);
    return {
      cancel: () => {
        if (running !== undefined) running.cancel();
        else if (this.leave(turn)) listener.onEnd({ type: "cancelled" });
      },
    };
  }

  /** Rejects with the signal's reason when it is withdrawn; what is being computed then is finished and thrown away. */
  assist(request: AssistRequest, signal: AbortSignal): Promise<AssistAnswer> {
    return new Promise((resolve, reject) => {
      let cancel = () => {
        if (this.leave(turn)) reject(signal.reason);
      };
      const onAbort = () => cancel();
      const end = (settle: () => void) => {
        signal.removeEventListener("abort", onAbort);
        this.pass(turn);
        settle();
      };
      const turn: Turn = {
        kind: "assist",
        begin: () => {
          const running = this.engine.assist(request, {
            onAnswer: (answer) => end(() => resolve(answer)),
            onEnd: (outcome) =>
              end(() =>
                reject(outcome.type === "failed" ? new BackdropError(outcome.code, outcome.message) : signal.reason),
              ),
            onCrash: () => end(() => reject(crashed())),
          });
          cancel = running.cancel;
        },
      };
      signal.throwIfAborted();
      signal.addEventListener("abort", onAbort);
      this.take(turn);
    });
  }

  /** helpers' tasks that wait or run */
  get assists(): number {
    return [...this.waiting, ...(this.current ? [this.current] : [])].filter(({ kind }) => kind === "assist").length;
  }

  async stop(): Promise<void> {
    this.waiting = [];
    await this.engine.stop();
  }

  private take(turn: Turn): void {
    if (this.current === undefined) this.give(turn);
    else this.waiting = [...this.waiting, turn];
  }

  /** After a job the first helper, after a helper the job, where both wait. */
  private pass(turn: Turn): void {
    if (turn !== this.current) return;
    this.current = undefined;
    const next = this.waiting.find(({ kind }) => kind !== turn.kind) ?? this.waiting[0];
    if (next === undefined) return;
    this.leave(next);
    this.give(next);
  }

  private give(turn: Turn): void {
    this.current = turn;
    turn.begin();
  }

  /** Returns whether it was waiting. */
  private leave(turn: Turn): boolean {
    const wasWaiting = this.waiting.includes(turn);
    this.waiting = this.waiting.filter((each) => each !== turn);
    return wasWaiting;
  }
}

function crashed(): BackdropError {
  return new BackdropError("engine_crashed", "the engine died on this request; ask again");
}
