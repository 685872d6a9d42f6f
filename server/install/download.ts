import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { Digest, digestOf } from "./digest.ts";
import { diskFull, isDiskFull } from "./diskSpace.ts";
import { type Hub, type HubFile, openFile, refused, shown } from "./hub.ts";
import { type Patience, Transient, transientAnswer, withRetries } from "./retry.ts";

export interface DownloadOptions {
  readonly hub: Hub;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** bytes that are here now and were not before; negative where what was here has to go */
  readonly onBytes: (bytes: number) => void;
}

/** What has arrived of a file lies beside it under this name until it is whole and its hash is right. */
const arrivingSuffix = ".download";
/** Which copy that is of: the server's ETag. */
const etagSuffix = ".download-etag";

/** How much of a file is here already, whole or in part; unchecked. */
export async function bytesHere(path: string): Promise<number> {
  return ((await sizeOf(path)) ?? 0) + ((await sizeOf(path + arrivingSuffix)) ?? 0);
}

/** Fetches a file into `path`, going on with what an earlier run left, and gives its sha256: whole and right, or not there. */
export async function downloadFile(path: string, file: HubFile, options: DownloadOptions): Promise<string> {
  const kept = await keep(path, file, options);
  if (kept !== undefined) return kept;
  await mkdir(dirname(path), { recursive: true });
  // What was resumed may be of a wrong start, so one more try begins anew.
  for (const isLast of [false, true]) {
    const { sha256, isAsPublished } = (await arrive(path, file, options)).finish();
    if (isAsPublished) {
      await rename(path + arrivingSuffix, path);
      await rm(path + etagSuffix, { force: true });
      return sha256;
    }
    await rm(path + arrivingSuffix, { force: true });
    options.onBytes(-file.sizeBytes);
    if (isLast) {
      throw new BackdropError(
        "download_failed",
        `${shown(file.url)}: expected content of the hash ${file.oid}, got other content twice (sha256 ${sha256}); the server gives another file or a proxy changes it`,
      );
    }
  }
  throw new Error("downloadFile: ends within its loop");
}

/** The sha256 of a file that an earlier run finished; a wrong one is deleted. */
async function keep(path: string, file: HubFile, { signal, onBytes }: DownloadOptions): Promise<string | undefined> {
  const size = await sizeOf(path);
  if (size === undefined) return undefined;
  const { sha256, isAsPublished } = (await digestOf(path, file, signal)).finish();
  if (isAsPublished) return sha256;
  await rm(path);
  onBytes(-size);
  return undefined;
}

/** What has arrived so far, through all attempts. */
interface Arrival {
  digest: Digest;
  received: number;
  etag: string | undefined;
}

async function arrive(path: string, file: HubFile, options: DownloadOptions): Promise<Digest> {
  const { hub, patience, signal } = options;
  const arrival = await resumed(path, file, options);
  let before = arrival.received;
  const moved = () => {
    const hasMoved = arrival.received > before;
    before = arrival.received;
    return hasMoved;
  };
  const attempt = async () => {
    if (arrival.received === file.sizeBytes) return;
    const response = await openFile(hub, file.url, { start: arrival.received, etag: arrival.etag }, signal);
    await receive(response, path, file, arrival, options);
  };
  await withRetries(shown(file.url), patience, signal, attempt, moved);
  return arrival.digest;
}

async function resumed(path: string, file: HubFile, options: DownloadOptions): Promise<Arrival> {
  const partial = path + arrivingSuffix;
  const size = await sizeOf(partial);
  const etag = await readFile(path + etagSuffix, "utf8").catch(() => undefined);
  if (size !== undefined && size <= file.sizeBytes && etag !== undefined) {
    return { digest: await digestOf(partial, file, options.signal), received: size, etag };
  }
  await rm(partial, { force: true });
  options.onBytes(-(size ?? 0));
  return { digest: new Digest(file.sizeBytes, file.oid), received: 0, etag: undefined };
}

/** Appends what the server sends; begins anew where it sends everything. */
async function receive(
  response: Response,
  path: string,
  file: HubFile,
  arrival: Arrival,
  { patience, signal, onBytes }: DownloadOptions,
): Promise<void> {
  try {
    const transient = transientAnswer(response);
    if (transient) throw transient;
    const goesOn = response.status === 206;
    if (!goesOn && response.status !== 200) throw refused(file.url, response);
    requireSize(response, file, goesOn ? arrival.received : 0);
    if (!goesOn) {
      onBytes(-arrival.received);
      Object.assign(arrival, { digest: new Digest(file.sizeBytes, file.oid), received: 0 });
      arrival.etag = strongEtag(response);
      if (arrival.etag === undefined) await rm(path + etagSuffix, { force: true });
      else await writeFile(path + etagSuffix, arrival.etag);
    }
    if (response.body === null) throw new Transient("the server sends nothing");
    const handle = await open(path + arrivingSuffix, goesOn ? "a" : "w");
    try {
      for await (const part of watched(response.body, patience.stallMs, signal)) {
        if (arrival.received + part.byteLength > file.sizeBytes) {
          throw new BackdropError(
            "download_failed",
            `${shown(file.url)}: expected ${file.sizeBytes} bytes, the server sends more; it gives another file`,
          );
        }
        await handle.writeFile(part);
        arrival.digest.update(part);
        arrival.received += part.byteLength;
        onBytes(part.byteLength);
      }
      if (arrival.received < file.sizeBytes) throw new Transient("the connection ended early");
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(path, error);
    throw error;
  } finally {
    await response.body?.cancel().catch(() => {});
  }
}

/** What the server is about to send must be what was asked for. */
function requireSize({ headers }: Response, file: HubFile, start: number): void {
  const range = headers.get("content-range");
  if (start > 0 || range !== null) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range ?? "") ?? [];
    if (Number(from) === start && Number(total) === file.sizeBytes) return;
    throw new BackdropError(
      "download_failed",
      `${shown(file.url)}: expected the bytes from ${start} of ${file.sizeBytes}, got ${JSON.stringify(range)}; it gives another file`,
    );
  }
  const length = headers.get("content-length");
  if (length === null || Number(length) === file.sizeBytes) return;
  throw new BackdropError(
    "download_failed",
    `${shown(file.url)}: expected ${file.sizeBytes} bytes, the server announces ${length}; it gives another file`,
  );
}

/** A weak ETag does not stand for the same bytes. */
function strongEtag({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  return etag === null || etag.startsWith("W/") ? undefined : etag;
}

/** The parts of a body; one that takes longer than `stallMs` to come ends it. */
async function* watched(
  body: ReadableStream<Uint8Array>,
  stallMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      signal.throwIfAborted();
      const part = await within(stallMs, reader.read());
      if (part.done) return;
      yield part.value;
    }
  } finally {
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

async function within<T>(limitMs: number, wait: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Transient(`nothing came for ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([wait, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
