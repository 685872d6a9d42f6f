import type { Ask, FromSandbox, Handover, ToSandbox } from "../messages.ts";

type OpenMessage = Extract<ToSandbox, { type: "open" }>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const handoverTimeoutMs = 1_000;

/** One worker: what is asked of it is answered in order; it can be ended at any time. */
export class SandboxClient {
  private readonly worker = new Worker("/playground/sandbox.js", { type: "module", name: "plugin" });
  private readonly waiting = new Map<number, Waiting>();
  private lastAskId = 0;

  constructor(open: OpenMessage, onMessage: (message: FromSandbox) => void) {
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromSandbox>) => {
      if (data.type === "reply") this.settle(data.askId)?.resolve(data.value);
      else if (data.type === "reply_error") this.settle(data.askId)?.reject(new Error(data.message));
      else onMessage(data);
    });
    this.post(open);
  }

  post(message: ToSandbox): void {
    this.worker.postMessage(message);
  }

  /** What comes of it has the type that Ask names for it. */
  async ask(ask: Ask): Promise<unknown> {
    this.lastAskId += 1;
    const askId = this.lastAskId;
    return await new Promise((resolve, reject) => {
      this.waiting.set(askId, { resolve, reject });
      this.post({ type: "ask", askId, ask });
    });
  }

  /** Ends the worker; null when it no longer answers, because the plugin hangs. */
  async handOver(): Promise<Handover | null> {
    const timeout = new Promise<null>((resolve) => setTimeout(() => resolve(null), handoverTimeoutMs));
    const answer = this.ask({ type: "hand_over" }).catch(() => null) as Promise<Handover | null>;
    const handover = await Promise.race([answer, timeout]);
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new Error("the plugin was stopped"));
    return handover;
  }

  private settle(askId: number): Waiting | undefined {
    const waiting = this.waiting.get(askId);
    this.waiting.delete(askId);
    return waiting;
  }
}
