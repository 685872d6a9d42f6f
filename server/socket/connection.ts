import { randomBytes } from "node:crypto";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { RawData, WebSocket } from "ws";
import { BackdropError, isRetryable, toBackdropError } from "../../shared/errors.ts";
import { closeCodes } from "../../shared/protocol/closeCodes.ts";
import { decodeFrame } from "../../shared/protocol/frame.ts";
import { maxBadMessages, maxMessagesPerSecond, maxTextBytes, protocolVersion } from "../../shared/protocol/limits.ts";
import { offeredVersions, parseClientMessage, type Subject, subjectOf } from "../../shared/protocol/parse.ts";
import type { ServerMessage } from "../../shared/protocol/serverMessages.ts";
import { version } from "../../shared/version.ts";
import type { Identity } from "../home/identity.ts";
import type { HelperDesk } from "../jobs/helperDesk.ts";
import type { Inventory } from "../jobs/inventory.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { Log } from "../log/log.ts";
import type { UploadStore } from "../uploads/uploadStore.ts";
import { Handshake } from "./handshake.ts";
import { Outbox } from "./outbox.ts";
import type { Pairing } from "./pairing.ts";
import { Session } from "./session.ts";

/** What every connection of a server shares. */
export interface ConnectionContext {
  readonly identity: Identity;
  readonly pairing: Pairing;
  readonly jobs: Jobs;
  readonly desk: HelperDesk;
  readonly uploads: UploadStore;
  readonly log: Log;
  readonly inventory: Inventory;
  readonly defaultModel: string;
  readonly helloTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly drainTimeoutMs: number;
}

export interface ConnectionEvents {
  /** the client has proven itself; another connection of it is to go */
  onProven(clientId: string): void;
  unpair(): Promise<void>;
  onClose(): void;
}

/** One socket, from its first message to its last. */
export class Connection {
  /** for HTTP, while this connection lives */
  readonly sessionToken = randomBytes(32).toString("base64url");
  readonly outbox: Outbox;
  private readonly socket: WebSocket;
  private readonly context: ConnectionContext;
  private readonly events: ConnectionEvents;
  private readonly handshake: Handshake;
  private readonly limiter = new RateLimiterMemory({ points: maxMessagesPerSecond, duration: 1 });
  private readonly heartbeat: NodeJS.Timeout;
  private session: Session | undefined;
  private isClosing = false;
  private badMessages = 0;
  private lastHeardMs = Date.now();

  constructor(socket: WebSocket, context: ConnectionContext, events: ConnectionEvents) {
    this.socket = socket;
    this.context = context;
    this.events = events;
    this.outbox = new Outbox(socket, context.drainTimeoutMs);
    this.handshake = new Handshake({
      ...context,
      timeoutMs: context.helloTimeoutMs,
      send: (message) => this.send(message),
      close: (code, reason) => this.close(code, reason),
      onProven: (clientId, resume) => {
        this.events.onProven(clientId);
        this.welcome().resumeAll(resume);
      },
    });
    this.heartbeat = setInterval(() => this.beat(), context.heartbeatMs);
    socket.on("message", (data, isBinary) => this.receive(toBuffer(data), isBinary));
    // ws closes the socket itself, with the code that fits (1007, 1009); the listener keeps it from being fatal.
    socket.on("error", (error) => context.log.info({ err: error.message }, "socket error"));
    socket.on("close", () => this.closed());
  }

  /** Ends when closing begins, not when the other side agrees. */
  get isProven(): boolean {
    return this.session !== undefined && !this.isClosing;
  }

  close(code: number, reason: string): void {
    this.stopListening();
    this.socket.close(code, reason);
  }

  /** Without waiting for the other side. */
  terminate(): void {
    this.socket.terminate();
  }

  private receive(bytes: Buffer, isBinary: boolean): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.lastHeardMs = Date.now();
    if (isBinary) this.receiveFrame(bytes);
    else if (bytes.length > maxTextBytes) {
      this.close(closeCodes.tooLarge, `expected text of at most ${maxTextBytes} bytes`);
    } else this.receiveText(bytes.toString("utf8"));
  }

  private receiveText(text: string): void {
    this.limiter.consume("messages").catch(() => this.close(closeCodes.rateLimited, "too many messages"));
    const versions = this.session ? undefined : offeredVersions(text);
    if (versions !== undefined && !versions.includes(protocolVersion)) {
      this.close(closeCodes.version, `this server (${version}) speaks version ${protocolVersion} of the protocol`);
      return;
    }
    this.handle(
      async () => {
        const message = parseClientMessage(text);
        await (this.session ?? this.handshake).receive(message);
      },
      () => subjectOf(text),
    );
  }

  private receiveFrame(bytes: Buffer): void {
    const { session } = this;
    if (session === undefined) {
      this.handshake.refuse("expected the handshake first");
      return;
    }
    let uploadId: string | undefined;
    this.handle(
      async () => {
        const frame = decodeFrame(bytes);
        if (frame.kind !== "chunk") throw new BackdropError("bad_message", "binary frame: expected a chunk");
        uploadId = frame.id;
        await session.receiveFrame(frame);
      },
      () => (uploadId === undefined ? {} : { uploadId }),
    );
  }

  /** Runs a handler; its failure is answered, and what could not be understood is counted. */
  private handle(handler: () => Promise<void>, subject: () => Subject): void {
    handler().catch((thrown: unknown) => {
      const error = toBackdropError(thrown);
      if (error.code === "internal") this.context.log.error({ err: thrown }, "message failed");
      this.refuse(error, subject());
      if (error.code === "bad_message" && ++this.badMessages >= maxBadMessages) {
        this.close(closeCodes.policy, "too many messages that are not understood");
      }
    });
  }

  private refuse(thrown: unknown, subject: Subject): void {
    const { code, message, pointer } = toBackdropError(thrown);
    this.send({
      type: "error",
      code,
      message: code === "internal" ? "an internal failure; the server's log has the details" : message,
      retryable: isRetryable(code),
      ...(pointer !== undefined && { pointer }),
      ...subject,
    });
  }

  private welcome(): Session {
    const { jobs, desk, inventory, uploads, defaultModel } = this.context;
    this.session = new Session({
      jobs,
      desk,
      inventory,
      uploads,
      outbox: this.outbox,
      send: (message) => this.send(message),
      refuse: (thrown, subject) => this.refuse(thrown, subject),
      unpair: () => this.events.unpair(),
    });
    this.send({
      type: "welcome",
      serverVersion: version,
      sessionToken: this.sessionToken,
      defaultModel,
      ...inventory.info,
    });
    return this.session;
  }

  private send(message: ServerMessage): void {
    this.outbox.text(JSON.stringify(message));
  }

  /** The handshake has its own deadlines. */
  private beat(): void {
    if (this.session === undefined) return;
    if (Date.now() - this.lastHeardMs > 2 * this.context.heartbeatMs) this.terminate();
    else this.send({ type: "ping" });
  }

  private closed(): void {
    this.stopListening();
    this.events.onClose();
  }

  private stopListening(): void {
    this.isClosing = true;
    clearInterval(this.heartbeat);
    this.handshake.close();
    this.session?.close();
    this.outbox.close();
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
