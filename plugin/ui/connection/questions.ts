import { uuidv4 } from "uuidv7";
import { BackdropError } from "../../../shared/errors.ts";
import type { ClientMessageOf } from "../../../shared/protocol/clientMessages.ts";
import type { Frame } from "../../../shared/protocol/frame.ts";
import type { Point } from "../../../shared/protocol/helpers.ts";
import type { ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";

type Question = ClientMessageOf<"segment"> | ClientMessageOf<"describe">;
type Send = (message: Question | ClientMessageOf<"withdraw">) => void;

interface Asked {
  readonly question: Question;
  readonly onMask: (png: Uint8Array) => void;
  readonly onText: (text: string) => void;
  readonly reject: (reason: unknown) => void;
}

/** What helpers are asked about uploaded pictures. What a lost connection leaves unanswered is asked again on the next. */
export class Questions {
  private readonly asked = new Map<string, Asked>();
  private send: Send | undefined;

  /** a PNG, white = the object that was clicked */
  segment(picture: string, points: readonly Point[], signal?: AbortSignal): Promise<Uint8Array> {
    const question: Question = { type: "segment", requestId: uuidv4(), picture, points: [...points] };
    return this.ask(question, signal, (resolve) => ({ onMask: resolve }));
  }

  describe(picture: string, signal?: AbortSignal): Promise<string> {
    const question: Question = { type: "describe", requestId: uuidv4(), picture };
    return this.ask(question, signal, (resolve) => ({ onText: resolve }));
  }

  attach(send: Send): void {
    this.send = send;
    for (const { question } of this.asked.values()) send(question);
  }

  detach(): void {
    this.send = undefined;
  }

  receiveMask({ id, payload }: Frame): void {
    this.take(id)?.onMask(payload);
  }

  receiveText({ requestId, text }: ServerMessageOf<"described">): void {
    this.take(requestId)?.onText(text);
  }

  receiveError(requestId: string, { code, message, pointer }: ServerMessageOf<"error">): void {
    const error = new BackdropError(code, message, { ...(pointer !== undefined && { pointer }) });
    this.take(requestId)?.reject(error);
  }

  close(error: BackdropError): void {
    for (const { reject } of this.asked.values()) reject(error);
    this.asked.clear();
  }

  private ask<Answer>(
    question: Question,
    signal: AbortSignal | undefined,
    answered: (resolve: (answer: Answer) => void) => Partial<Pick<Asked, "onMask" | "onText">>,
  ): Promise<Answer> {
    const { requestId } = question;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const withdraw = () => {
        if (this.take(requestId) === undefined) return;
        this.send?.({ type: "withdraw", requestId });
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      this.asked.set(requestId, { question, onMask() {}, onText() {}, reject, ...answered(resolve) });
      this.send?.(question);
    });
  }

  private take(requestId: string): Asked | undefined {
    const asked = this.asked.get(requestId);
    this.asked.delete(requestId);
    return asked;
  }
}
