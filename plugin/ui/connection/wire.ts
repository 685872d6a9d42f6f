import type { ClientMessageInput } from "../../../shared/protocol/clientMessages.ts";
import { decodeFrame, type Frame } from "../../../shared/protocol/frame.ts";
import { socketPath } from "../../../shared/protocol/limits.ts";
import { parseServerMessage } from "../../../shared/protocol/parse.ts";
import type { ServerMessage, ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";
import type { LostCause } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { closeReason, LinkFailure } from "./linkFailure.ts";

/** long enough for a person to answer the browser's question whether the page may */
const openTimeoutMs = 15_000;
const answerTimeoutMs = 5_000;

export interface WireReceiver {
  onMessage(message: ServerMessage): void;
  onFrame(frame: Frame): void;
  /** comes last */
  onLost(cause: LostCause): void;
}

type Arrival =
  | { readonly type: "message"; readonly message: ServerMessage }
  | { readonly type: "frame"; readonly frame: Frame }
  | { readonly type: "lost"; readonly cause: LostCause };

/** One socket. What arrives waits until it is asked for: one by one in the handshake, then all by a receiver. */
export class Wire {
  /** rejects when the socket is lost or closed; never resolves */
  readonly lost: Promise<never>;
  lastHeardMs: number;
  private readonly socket: WebSocket;
  private readonly environment: Environment;
  private readonly arrived: Arrival[] = [];
  private waiting: ((arrival: Arrival) => void) | undefined;
  private receiver: WireReceiver | undefined;
  private giveUp: (failure: LinkFailure) => void = () => {};
  private isOver = false;

  private constructor(socket: WebSocket, environment: Environment) {
    this.socket = socket;
    this.environment = environment;
    this.lastHeardMs = environment.now();
    this.lost = new Promise((_, reject) => {
      this.giveUp = reject;
    });
    // Who does not wait for it does not care.
    this.lost.catch(() => {});
    socket.addEventListener("message", ({ data }) => this.hear(data));
    // A close follows every error, and says more.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", ({ code }) => this.end(closeReason(code)));
  }

  /** Opens a socket to a port of this computer; fails as `silent` when it does not open. The signal closes it at any time. */
  static async open(port: number, environment: Environment, signal: AbortSignal): Promise<Wire> {
    const socket = new environment.WebSocket(`ws://localhost:${port}${socketPath}`);
    socket.binaryType = "arraybuffer";
    const wire = new Wire(socket, environment);
    const callOff = environment.after(openTimeoutMs, () => wire.close());
    signal.addEventListener("abort", () => wire.close(), { once: true });
    if (signal.aborted) wire.close();
    const opened = new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
    try {
      await Promise.race([opened, wire.lost]);
    } catch {
      throw new LinkFailure("silent");
    } finally {
      callOff();
    }
    return wire;
  }

  send(message: ClientMessageInput): void {
    if (!this.isOver) this.socket.send(JSON.stringify(message));
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.isOver) this.socket.send(bytes);
  }

  /** The next message, which has to be one of these and to come in time. */
  async expect<Type extends ServerMessage["type"]>(...types: readonly Type[]): Promise<ServerMessageOf<Type>> {
    const arrival = await this.next();
    if (arrival.type === "message" && isOneOf(arrival.message, types)) return arrival.message;
    this.close();
    throw new LinkFailure(arrival.type === "lost" ? arrival.cause : "wrong_server");
  }

  /** From here on everything goes to the receiver, beginning with what has arrived already. */
  deliverTo(receiver: WireReceiver): void {
    this.receiver = receiver;
    for (const arrival of this.arrived.splice(0)) this.pass(arrival);
  }

  /** Ends it from our side, without a word to the receiver. */
  close(): void {
    this.receiver = undefined;
    this.end("dropped");
  }

  private hear(data: unknown): void {
    if (this.isOver) return;
    this.lastHeardMs = this.environment.now();
    const arrival = understand(data);
    if (arrival !== undefined) this.pass(arrival);
    // A server that has proven itself and says what we do not know is of another version.
    else this.end(this.receiver === undefined ? "wrong_server" : "version_mismatch");
  }

  private end(cause: LostCause): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.close();
    this.giveUp(new LinkFailure(cause));
    this.pass({ type: "lost", cause });
  }

  private pass(arrival: Arrival): void {
    const { receiver, waiting } = this;
    if (receiver !== undefined) deliver(arrival, receiver);
    else if (waiting !== undefined) waiting(arrival);
    else this.arrived.push(arrival);
  }

  private async next(): Promise<Arrival> {
    const first = this.arrived.shift();
    if (first !== undefined) return first;
    return await new Promise((resolve) => {
      const take = (arrival: Arrival) => {
        callOff();
        this.waiting = undefined;
        resolve(arrival);
      };
      const callOff = this.environment.after(answerTimeoutMs, () => take({ type: "lost", cause: "wrong_server" }));
      this.waiting = take;
    });
  }
}

function understand(data: unknown): Arrival | undefined {
  try {
    return data instanceof ArrayBuffer
      ? { type: "frame", frame: decodeFrame(new Uint8Array(data)) }
      : { type: "message", message: parseServerMessage(String(data)) };
  } catch {
    return undefined;
  }
}

function deliver(arrival: Arrival, receiver: WireReceiver): void {
  switch (arrival.type) {
    case "message":
      receiver.onMessage(arrival.message);
      break;
    case "frame":
      receiver.onFrame(arrival.frame);
      break;
    case "lost":
      receiver.onLost(arrival.cause);
      break;
  }
}

function isOneOf<Type extends ServerMessage["type"]>(
  message: ServerMessage,
  types: readonly Type[],
): message is ServerMessageOf<Type> {
  return types.some((type) => type === message.type);
}
