import { createServer, type RequestListener, type Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

/** Something on a port that is no Backdrop, or one that misbehaves. */
export interface FakeServer {
  readonly port: number;
  /** what it was told, in order */
  readonly heard: readonly string[];
  close(): Promise<void>;
}

/** Answers every text with what `answer` gives: a text, a close code, or nothing. */
export async function startFakeServer(answer: (text: string) => string | number | undefined): Promise<FakeServer> {
  const heard: string[] = [];
  const server = createServer((_, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket: WebSocket) => {
    socket.on("message", (data) => {
      const text = data.toString();
      heard.push(text);
      const said = answer(text);
      if (typeof said === "string") socket.send(said);
      else if (said !== undefined) socket.close(said);
    });
  });
  return {
    port: await listen(server),
    heard,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      await closeServer(server);
    },
  };
}

/** A web server without sockets. */
export async function startWebServer(http: RequestListener): Promise<Omit<FakeServer, "heard">> {
  const server = createServer(http);
  return { port: await listen(server), close: () => closeServer(server) };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
