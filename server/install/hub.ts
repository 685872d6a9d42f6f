import { BackdropError } from "../../shared/errors.ts";
import type { Oid } from "./digest.ts";
import { Unreachable } from "./retry.ts";

/** The hub or a mirror of it, as its own tools are told: `HF_ENDPOINT`, and `HF_TOKEN` for who needs one. */
export interface Hub {
  readonly endpoint: URL;
  readonly token?: string;
}

/** A file of a repository, before it is fetched. */
export interface HubFile {
  readonly url: URL;
  readonly sizeBytes: number;
  readonly oid: Oid;
}

/** No file that we know comes near it. */
const maxFileBytes = 32 * 2 ** 30;
const maxRedirects = 5;
const answerTimeoutMs = 30_000;

export function findHub(environment: NodeJS.ProcessEnv = process.env): Hub {
  const { HF_ENDPOINT, HF_TOKEN } = environment;
  const text = HF_ENDPOINT || "https://huggingface.co";
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint === undefined || !["https:", "http:"].includes(endpoint.protocol)) {
    throw new BackdropError(
      "invalid_params",
      `HF_ENDPOINT: expected the address of a hub, got ${JSON.stringify(URL.canParse(text) ? shown(new URL(text)) : text)}`,
    );
  }
  return { endpoint, ...(HF_TOKEN && { token: HF_TOKEN }) };
}

/**
 * Asks for a file without its content; undefined where the repository has none of that name. The redirect to where large
 * files lie is not followed, because only the hub itself tells size and hash.
 */
export async function describeFile(
  hub: Hub,
  file: { readonly repository: string; readonly revision: string; readonly path: string },
  signal: AbortSignal,
): Promise<HubFile | undefined> {
  const base = hub.endpoint.href.replace(/\/$/, "");
  const url = new URL(`${base}/${file.repository}/resolve/${file.revision}/${file.path}`);
  // Answers of the hub that redirect within it say nothing yet, or all of it.
  const follow = (next: URL, { headers }: Response) => next.origin === url.origin && !headers.has("x-linked-etag");
  const response = await send(hub, url, { method: "HEAD" }, signal, follow);
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  if (response.status >= 400) throw refused(url, response);
  const { headers } = response;
  const oid = unquoted(headers.get("x-linked-etag") ?? headers.get("etag"));
  const sizeBytes = Number(headers.get("x-linked-size") ?? headers.get("content-length") ?? "none");
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(oid) || !Number.isSafeInteger(sizeBytes) || sizeBytes > maxFileBytes) {
    throw new BackdropError(
      "download_failed",
      `${shown(url)}: expected its size and hash in the answer's headers, got ${sizeBytes} bytes and ${JSON.stringify(oid)}; ` +
        "is HF_ENDPOINT a mirror of the hub?",
    );
  }
  return { url, sizeBytes, oid };
}

/** Asks for a file's content from `start` on, where the copy there still is the one of `etag`. Redirects are followed. */
export async function openFile(
  hub: Hub,
  url: URL,
  { start, etag }: { readonly start: number; readonly etag: string | undefined },
  signal: AbortSignal,
): Promise<Response> {
  const range = start > 0 && etag !== undefined ? { range: `bytes=${start}-`, "if-range": etag } : {};
  return await send(hub, url, { headers: range }, signal, () => true);
}

/** An answer that only another request, or none, can mend. */
export function refused(url: URL, response: Response): BackdropError {
  const advice =
    response.status === 401 || response.status === 403
      ? "; the hub wants an account that may read it: put its access token into HF_TOKEN"
      : "; try again later, or use a mirror with HF_ENDPOINT, or files that you have (--from on the command line)";
  return new BackdropError("download_failed", `${shown(url)}: the server answers ${response.status}${advice}`);
}

/** An address for messages: without the signature that the hub adds. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function send(
  hub: Hub,
  first: URL,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> },
  signal: AbortSignal,
  follow: (next: URL, answer: Response) => boolean,
): Promise<Response> {
  let url = first;
  for (let hops = 0; hops <= maxRedirects; hops++) {
    // The token is for the hub alone: not for the servers that it points to.
    const mayKnow = hub.token !== undefined && url.origin === hub.endpoint.origin;
    const headers = {
      "user-agent": "backdrop",
      "accept-encoding": "identity",
      ...init.headers,
      ...(mayKnow && { authorization: `Bearer ${hub.token}` }),
    };
    const response = await answerOf(url, { ...init, headers, redirect: "manual" }, signal);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (next === undefined || !isAllowed(hub, next)) {
      throw new BackdropError("download_failed", `${shown(url)}: is redirected to an address that is not allowed`);
    }
    if (!follow(next, response)) return response;
    await response.body?.cancel();
    url = next;
  }
  throw new BackdropError("download_failed", `${shown(first)}: is redirected more than ${maxRedirects} times`);
}

/** Never from a protected connection to an open one. */
function isAllowed(hub: Hub, url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && hub.endpoint.protocol === "http:");
}

/** The headers must come in time; the body has its own watch. */
async function answerOf(url: URL, init: RequestInit, signal: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${answerTimeoutMs} ms`)), answerTimeoutMs);
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any([signal, late.signal]) });
  } catch (error) {
    // What fetch itself throws when there is no answer; an abort is what the signal says.
    throw error instanceof TypeError ? new Unreachable(url.host, error.cause ?? error) : error;
  } finally {
    clearTimeout(timer);
  }
}

function unquoted(etag: string | null): string {
  return (etag ?? "").replace(/^W\//, "").replaceAll('"', "");
}
