import { BackdropError } from "../../shared/errors.ts";
import type { ClientMessageOf } from "../../shared/protocol/clientMessages.ts";
import { encodeFrame } from "../../shared/protocol/frame.ts";
import type { ServerMessage } from "../../shared/protocol/serverMessages.ts";
import type { HelperDesk, HelperQuestion } from "../jobs/helperDesk.ts";

export interface HelperRequestsOptions {
  readonly desk: HelperDesk;
  readonly send: (message: ServerMessage) => void;
  /** a binary message that is never left out */
  readonly sendFrame: (frame: Uint8Array) => void;
}

/** The questions of one connection to helpers; they end with it. */
export class HelperRequests {
  private readonly options: HelperRequestsOptions;
  private readonly open = new Map<string, AbortController>();

  constructor(options: HelperRequestsOptions) {
    this.options = options;
  }

  async ask(message: ClientMessageOf<"segment"> | ClientMessageOf<"describe">): Promise<void> {
    const { desk, send, sendFrame } = this.options;
    const { requestId: id } = message;
    if (this.open.has(id)) throw new BackdropError("invalid_params", "this request id is in use; make a new one");
    const withdrawal = new AbortController();
    this.open.set(id, withdrawal);
    try {
      const answer = await desk.ask(id, questionOf(message), withdrawal.signal);
      if (withdrawal.signal.aborted) return;
      switch (answer.type) {
        case "segmented":
          sendFrame(encodeFrame({ kind: "mask", seq: 0, step: 0, steps: 0, variant: 0, id, payload: answer.png }));
          break;
        case "described":
          send({ type: "described", requestId: id, text: answer.text });
          break;
      }
    } catch (thrown) {
      // Who has withdrawn a question hears nothing more of it.
      if (!withdrawal.signal.aborted) throw thrown;
    } finally {
      this.open.delete(id);
    }
  }

  withdraw(requestId: string): void {
    this.open.get(requestId)?.abort();
  }

  close(): void {
    for (const withdrawal of this.open.values()) withdrawal.abort();
  }
}

function questionOf(message: ClientMessageOf<"segment"> | ClientMessageOf<"describe">): HelperQuestion {
  const { picture } = message;
  switch (message.type) {
    case "segment":
      return { task: "segment", picture, points: message.points };
    case "describe":
      return { task: "describe", picture };
  }
}
