import type { HostErrorCode, PluginEnvelope, Slot, ToMain, ToUi } from "../messages.ts";

/** What main can be asked; each is answered by exactly one message with the same `requestId`. */
interface Answers {
  readonly begin_run: "run_begun";
  readonly export_picture: "picture";
  readonly insert_result: "inserted";
  readonly remove_result: "result_removed";
}
type RequestType = keyof Answers;
export type RequestPayload<Type extends RequestType> = Omit<Extract<ToMain, { type: Type }>, "type" | "requestId">;
export type Answer<Type extends RequestType> = Extract<ToUi, { type: Answers[Type] }>;

/** The panel's line to main, which sees the document. */
export interface Host {
  post(message: ToMain): void;
  /** everything that main says, answers included; returns what ends the listening */
  listen(listener: (message: ToUi) => void): () => void;
  /** rejects with a HostError, or with the signal's reason; an answer that comes later is dropped */
  request<Type extends RequestType>(
    type: Type,
    payload: RequestPayload<Type>,
    signal?: AbortSignal,
  ): Promise<Answer<Type>>;
}

/** Something that main could not do. Its message is written for the designer. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly code: HostErrorCode;
  readonly slot: Slot | undefined;

  constructor(code: HostErrorCode, message: string, slot?: Slot) {
    super(message);
    this.code = code;
    this.slot = slot;
  }
}

/** Talks to the window that this one is framed by, and hears nobody else. */
export function createHost(frame: Window): Host {
  const listeners = new Set<(message: ToUi) => void>();
  const waiting = new Map<string, (answer: ToUi) => void>();
  let lastRequest = 0;

  frame.addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== frame.parent || !isEnvelope(data)) return;
    const { pluginMessage: message } = data;
    if ("requestId" in message && message.requestId !== undefined) waiting.get(message.requestId)?.(message);
    for (const listener of listeners) listener(message);
  });

  const send = (message: object) => frame.parent.postMessage({ pluginMessage: message }, "*");

  return {
    post: (message) => send(message),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    request(type, payload, signal) {
      const requestId = `${++lastRequest}`;
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const end = () => {
          waiting.delete(requestId);
          signal?.removeEventListener("abort", onAbort);
        };
        const onAbort = () => {
          end();
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", onAbort);
        waiting.set(requestId, (answer) => {
          end();
          if (answer.type === "host_error") reject(new HostError(answer.code, answer.message, answer.slot));
          else resolve(answer as Answer<typeof type>);
        });
        send({ ...payload, type, requestId });
      });
    },
  };
}

/** Main is ours, so its messages are trusted beyond their envelope. */
function isEnvelope(data: unknown): data is PluginEnvelope<ToUi> {
  if (typeof data !== "object" || data === null || !("pluginMessage" in data)) return false;
  const { pluginMessage } = data;
  return typeof pluginMessage === "object" && pluginMessage !== null && "type" in pluginMessage;
}
