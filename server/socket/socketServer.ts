import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { BackdropError } from "../../shared/errors.ts";
import { closeCodes } from "../../shared/protocol/closeCodes.ts";
import { headerBytes } from "../../shared/protocol/frame.ts";
import { chunkBytes, socketPath } from "../../shared/protocol/limits.ts";
import type { Guard } from "../http/guard.ts";
import { toProblem } from "../http/problem.ts";
import { Connection, type ConnectionContext } from "./connection.ts";

const maxConnections = 64;
const maxFragments = 64;
/** given to clients to answer a close */
const closeGraceMs = 300;

/** All sockets of a server. */
export class SocketServer {
  private readonly context: ConnectionContext;
  private readonly webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: headerBytes + chunkBytes,
    maxFragments,
  });
  private readonly connections = new Set<Connection>();
  private readonly byClient = new Map<string, Connection>();
  private droppedBefore = 0;
  private isStopping = false;

  constructor(context: ConnectionContext) {
    this.context = context;
  }

  get size(): number {
    return this.connections.size;
  }

  get droppedPreviews(): number {
    return [...this.connections].reduce((sum, { outbox }) => sum + outbox.dropped, this.droppedBefore);
  }

  isSessionToken(token: string): boolean {
    return [...this.connections].some((connection) => connection.isProven && connection.sessionToken === token);
  }

  /** Upgrades pass the same guard as requests; a refusal beyond it is a close code, which browsers can read. */
  upgrade(guard: Guard, request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on("error", () => stream.destroy());
    try {
      const { host, origin, authorization } = request.headers;
      guard.check({ host, origin, authorization }, "public");
      if (request.url !== socketPath) throw new BackdropError("not_found", `sockets are at ${socketPath}`);
    } catch (thrown) {
      refuseUpgrade(stream, thrown);
      return;
    }
    this.webSockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on("error", () => {});
      if (this.isStopping) socket.close(closeCodes.goingAway, "the server is stopping");
      else if (this.connections.size >= maxConnections) socket.close(closeCodes.overloaded, "too many connections");
      else this.connect(socket);
    });
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    for (const connection of this.connections) connection.close(closeCodes.goingAway, "the server is stopping");
    const deadline = Date.now() + closeGraceMs;
    while (this.connections.size > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const connection of this.connections) connection.terminate();
  }

  private connect(socket: ConstructorParameters<typeof Connection>[0]): void {
    let client: string | undefined;
    const connection = new Connection(socket, this.context, {
      onProven: (clientId) => {
        client = clientId;
        this.byClient.get(clientId)?.close(closeCodes.replaced, "this client has connected again");
        this.byClient.set(clientId, connection);
        // What was installed by the command line meanwhile is told to whoever comes.
        void this.context.inventory.refresh();
      },
      unpair: async () => {
        await this.context.identity.rotate();
        for (const each of this.connections) each.close(closeCodes.revoked, "the secret was replaced; pair again");
      },
      onClose: () => {
        this.connections.delete(connection);
        this.droppedBefore += connection.outbox.dropped;
        if (client !== undefined && this.byClient.get(client) === connection) this.byClient.delete(client);
      },
    });
    this.connections.add(connection);
  }
}

function refuseUpgrade(stream: Duplex, thrown: unknown): void {
  const problem = toProblem(thrown, randomUUID());
  const body = JSON.stringify(problem);
  stream.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
