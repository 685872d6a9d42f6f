import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { uuidv7 } from "uuidv7";
import { WebSocket } from "ws";
import type { ClientMessageInput } from "../../shared/protocol/clientMessages.ts";
import { decodeFrame, encodeFrame, type Frame } from "../../shared/protocol/frame.ts";
import type { JobParams } from "../../shared/protocol/jobs.ts";
import { chunkBytes } from "../../shared/protocol/limits.ts";
import { parseServerMessage } from "../../shared/protocol/parse.ts";
import { proofText } from "../../shared/protocol/proof.ts";
import type { ServerMessage, ServerMessageOf } from "../../shared/protocol/serverMessages.ts";

/** A client that does only what it is told, and checks every message against the schemas. */
export class RawClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly previews: Frame[] = [];
  readonly masks: Frame[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  clientId: string = randomUUID();
  sessionToken = "";
  private readonly inbox: ServerMessage[] = [];
  private readonly waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.wake();
      });
    });
    socket.on("error", () => {});
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        const frame = decodeFrame(data);
        (frame.kind === "mask" ? this.masks : this.previews).push(frame);
      } else {
        const message = parseServerMessage(data.toString());
        this.messages.push(message);
        this.inbox.push(message);
      }
      this.wake();
    });
  }

  static async connect(port: number, options: { readonly headers?: Record<string, string>; host?: string } = {}) {
    const { host = "127.0.0.1", headers = {} } = options;
    const socket = new WebSocket(`ws://${host}:${port}/socket`, { headers, perMessageDeflate: false });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("unexpected-response", (_, response) => reject(new Error(`status ${response.statusCode}`)));
      socket.once("error", reject);
    });
    return client;
  }

  /** Connects and proves the secret. */
  static async proven(port: number, secret: string, clientId: string = randomUUID()): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.clientId = clientId;
    await client.prove(secret);
    return client;
  }

  send(message: ClientMessageInput): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message of this type that was not taken yet. */
  async take<Type extends ServerMessage["type"]>(
    type: Type,
    matches: (message: ServerMessageOf<Type>) => boolean = () => true,
    timeoutMs = 20_000,
  ): Promise<ServerMessageOf<Type>> {
    const isWanted = (message: ServerMessage): message is ServerMessageOf<Type> =>
      message.type === type && matches(message as ServerMessageOf<Type>);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.inbox.find(isWanted);
      if (found) {
        this.inbox.splice(this.inbox.indexOf(found), 1);
        return found;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed while waiting for ${type}`);
      if (Date.now() > deadline) throw new Error(`no ${type} came; last: ${JSON.stringify(this.messages.slice(-3))}`);
      await this.change(deadline - Date.now());
    }
  }

  async challenge(clientNonce = randomBytes(32).toString("base64url")) {
    this.send({ type: "hello", versions: [1], clientId: this.clientId, clientNonce });
    const { serverId, serverNonce, serverProof } = await this.take("challenge");
    return { serverId, clientNonce, serverNonce, serverProof };
  }

  async prove(secret: string, resume?: { readonly jobId: string; readonly lastSeq: number }[]) {
    const nonces = await this.challenge();
    const proof = (side: "server" | "client") =>
      createHmac("sha256", Buffer.from(secret, "base64url")).update(proofText(side, nonces)).digest("base64url");
    if (nonces.serverProof !== proof("server")) throw new Error("the server does not hold the secret");
    this.send({ type: "prove", clientProof: proof("client"), ...(resume && { resume }) });
    const welcome = await this.take("welcome");
    this.sessionToken = welcome.sessionToken;
    return welcome;
  }

  sendChunk(uploadId: string, seq: number, payload: Uint8Array): void {
    this.socket.send(encodeFrame({ kind: "chunk", seq, step: 0, steps: 0, variant: 0, id: uploadId, payload }));
  }

  /** One upload after the rules. */
  async upload(bytes: Uint8Array, sha256: string): Promise<void> {
    const uploadId = randomUUID();
    this.send({ type: "upload", uploadId, sha256, sizeBytes: bytes.length });
    const { have } = await this.take("upload_ready", (ready) => ready.uploadId === uploadId);
    for (let i = 0; !have && i * chunkBytes < bytes.length; i++) {
      this.sendChunk(uploadId, i, bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes));
      await this.take("upload_ack", (ack) => ack.uploadId === uploadId);
    }
    await this.take("upload_done", (done) => done.uploadId === uploadId);
  }

  async submit(params: JobParams, jobId: string = uuidv7()): Promise<string> {
    this.send({ type: "submit", jobId, params });
    await this.take("accepted", (accepted) => accepted.jobId === jobId);
    return jobId;
  }

  /** The mask that answers a request. */
  async takeMask(requestId: string, timeoutMs = 20_000): Promise<Frame> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.masks.find(({ id }) => id === requestId);
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`no mask came; last: ${JSON.stringify(this.messages.slice(-3))}`);
      await this.change(deadline - Date.now());
    }
  }

  /** The event that ends a job. */
  async end(jobId: string, timeoutMs = 20_000) {
    const isEnd = ({ event }: ServerMessageOf<"event">) => ["done", "failed", "cancelled"].includes(event.type);
    return (await this.take("event", (message) => message.jobId === jobId && isEnd(message), timeoutMs)).event;
  }

  events(jobId: string): readonly ServerMessageOf<"event">[] {
    return this.messages.filter((m): m is ServerMessageOf<"event"> => m.type === "event" && m.jobId === jobId);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private async change(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.waiting.add(resolve);
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
  }
}
