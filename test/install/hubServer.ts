import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server is asked for, and how many bytes of content it gave. */
export interface Asked {
  readonly server: "hub" | "storage";
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  sentBytes: number;
}

/** Answers a request for content in another way than the file; gets what it may need to. */
export type Fault = (answer: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly content: Buffer;
  readonly asked: Asked;
}) => void;

/**
 * A hub like the real one: it tells size and hash, keeps small files itself, and redirects large ones to storage on another
 * host, which knows ranges and ETags.
 */
export async function startHub(
  files: ReadonlyMap<string, Buffer>,
  isLarge = (path: string) => path.endsWith(".safetensors"),
) {
  const asked: Asked[] = [];
  const faults: { readonly path: string; readonly fault: Fault }[] = [];

  const storage = await listen((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://x").pathname.slice(1));
    const note = remember("storage", path, request);
    const content = files.get(path) ?? Buffer.alloc(0);
    const next = faults.findIndex((f) => f.path === path);
    if (next >= 0) faults.splice(next, 1)[0]?.fault({ request, response, content, asked: note });
    else sendContent(request, response, content, note);
  });
  const hub = await listen((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    const [, repository, path] = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(url.pathname) ?? [];
    const key = `${repository}/${path}`;
    const note = remember("hub", key, request);
    const content = files.get(key);
    if (content === undefined) return void response.writeHead(404).end();
    if (isLarge(key)) {
      const headers = { "x-linked-size": content.length, "x-linked-etag": `"${sha256(content)}"` };
      // localhost and 127.0.0.1 are different origins.
      return void response.writeHead(302, { ...headers, location: `http://localhost:${port(storage)}/${key}` }).end();
    }
    const git = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
    response.writeHead(200, { etag: `"${git}"`, "content-length": content.length });
    note.sentBytes += request.method === "HEAD" ? 0 : content.length;
    response.end(request.method === "HEAD" ? undefined : content);
  });

  function remember(server: Asked["server"], path: string, { method = "", headers }: IncomingMessage): Asked {
    const note = { server, method, path, headers, sentBytes: 0 };
    asked.push(note);
    return note;
  }

  return {
    endpoint: new URL(`http://127.0.0.1:${port(hub)}`),
    asked,
    /** The next request for this file's content gets this answer. */
    fault: (path: string, fault: Fault) => faults.push({ path, fault }),
    /** Requests for the content of a large file. */
    ranges: (path: string) =>
      asked.filter((a) => a.server === "storage" && a.path === path).map((a) => a.headers.range),
    sentBytes: () => asked.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    async stop() {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** The whole file or the range that is asked for, as a good server does. */
export function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  asked: Asked,
  etag = `"${sha256(content)}"`,
): void {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  const start = from !== undefined && request.headers["if-range"] === etag ? Number(from) : 0;
  const part = content.subarray(start);
  const range = start > 0 ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { etag, "content-length": part.length, ...range });
  asked.sentBytes += part.length;
  response.end(part);
}

/** Sends so many bytes from where it was asked, then cuts the connection. */
export function cutAfter(bytes: number): Fault {
  return ({ request, response, content, asked }) => {
    const [, from = "0"] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    const start = Number(from);
    const range = start > 0 ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {};
    const etag = `"${sha256(content)}"`;
    response.writeHead(start > 0 ? 206 : 200, { etag, "content-length": content.length - start, ...range });
    asked.sentBytes += bytes;
    response.write(content.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 30));
  };
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handle).listen(0);
  await once(server, "listening");
  return server;
}

function port(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address.port;
}
