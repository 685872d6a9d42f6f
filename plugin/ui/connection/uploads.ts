import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { uuidv4 } from "uuidv7";
import { BackdropError } from "../../../shared/errors.ts";
import { encodeFrame } from "../../../shared/protocol/frame.ts";
import { maxUploadBytes } from "../../../shared/protocol/limits.ts";
import type { ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";
import type { Environment } from "./environment.ts";
import type { Limits } from "./handshake.ts";
import type { Wire } from "./wire.ts";

/** A picture that somebody waits for. */
interface Wanted {
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: BackdropError): void;
  waiting: number;
  failures: number;
}

/** The one picture that is on its way. */
interface Running {
  readonly uploadId: string;
  readonly wanted: Wanted;
  sentChunks: number;
}

const maxFailures = 3;
/** hashed at once; the panel stays responsive in between */
const hashedBytes = 1024 * 1024;

/**
 * Sends pictures, one at a time and each once, however often it is asked for. `upload` itself asks whether the server has the bytes
 * already. A picture that a lost connection has cut starts again on the next one.
 */
export class Uploads {
  private readonly environment: Environment;
  private readonly queue = new Map<string, Wanted>();
  private running: Running | undefined;
  private link: { readonly wire: Wire; readonly limits: Limits } | undefined;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  async upload(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    if (bytes.length === 0) throw new BackdropError("image_corrupt", "the picture is empty; choose another");
    if (bytes.length > maxUploadBytes) {
      const message = `the picture is too large: expected at most ${maxUploadBytes} bytes, got ${bytes.length}`;
      throw new BackdropError("image_too_large", message);
    }
    const hash = await this.hash(bytes);
    signal?.throwIfAborted();
    const wanted = this.queue.get(hash) ?? this.add(hash, bytes);
    wanted.waiting++;
    try {
      await Promise.race([wanted.done, ...(signal ? [aborted(signal)] : [])]);
      return hash;
    } finally {
      wanted.waiting--;
      // One that has begun is finished: the server keeps its place for it, and the picture may be wanted again.
      if (wanted.waiting === 0 && this.running?.wanted !== wanted) this.drop(wanted);
    }
  }

  attach(link: { readonly wire: Wire; readonly limits: Limits }): void {
    this.link = link;
    this.next();
  }

  detach(): void {
    this.link = undefined;
    const wanted = this.running?.wanted;
    this.running = undefined;
    if (wanted?.waiting === 0) this.drop(wanted);
  }

  receive(message: ServerMessageOf<"upload_ready" | "upload_ack" | "upload_done">): void {
    const { running } = this;
    if (running === undefined || running.uploadId !== message.uploadId) return;
    switch (message.type) {
      case "upload_ready":
        if (!message.have) this.sendChunks(running, 0);
        return;
      case "upload_ack":
        this.sendChunks(running, message.chunks);
        return;
      case "upload_done":
        running.wanted.resolve();
        this.finish(running);
        return;
    }
  }

  /** A damaged upload is started again; anything else, such as a full disk, is for the person. */
  receiveError(uploadId: string, { code, message }: ServerMessageOf<"error">): void {
    const { running } = this;
    if (running === undefined || running.uploadId !== uploadId) return;
    const { wanted } = running;
    wanted.failures++;
    if (code === "upload_invalid" && wanted.failures < maxFailures) this.running = undefined;
    else {
      wanted.reject(new BackdropError(code, message));
      this.finish(running);
    }
    this.next();
  }

  close(error: BackdropError): void {
    for (const wanted of this.queue.values()) wanted.reject(error);
    this.queue.clear();
  }

  private add(hash: string, bytes: Uint8Array): Wanted {
    let resolve = () => {};
    let reject = (_: BackdropError) => {};
    const done = new Promise<void>((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    done.catch(() => {});
    const wanted = { sha256: hash, bytes, done, resolve, reject, waiting: 0, failures: 0 };
    this.queue.set(hash, wanted);
    this.next();
    return wanted;
  }

  private finish({ wanted }: Running): void {
    this.running = undefined;
    this.drop(wanted);
    this.next();
  }

  private drop(wanted: Wanted): void {
    if (this.queue.get(wanted.sha256) === wanted) this.queue.delete(wanted.sha256);
  }

  private next(): void {
    const [wanted] = this.queue.values();
    if (this.link === undefined || this.running !== undefined || wanted === undefined) return;
    const uploadId = uuidv4();
    this.running = { uploadId, wanted, sentChunks: 0 };
    this.link.wire.send({ type: "upload", uploadId, sha256: wanted.sha256, sizeBytes: wanted.bytes.length });
  }

  /** Never more than the server's window beyond what it has acknowledged. */
  private sendChunks(running: Running, acknowledged: number): void {
    if (this.link === undefined) return;
    const { wire, limits } = this.link;
    const { wanted, uploadId } = running;
    const chunks = Math.ceil(wanted.bytes.length / limits.chunkBytes);
    const end = Math.min(chunks, acknowledged + limits.uploadWindowChunks);
    for (; running.sentChunks < end; running.sentChunks++) {
      const begin = running.sentChunks * limits.chunkBytes;
      const payload = wanted.bytes.subarray(begin, begin + limits.chunkBytes);
      const place = { seq: running.sentChunks, step: 0, steps: 0, variant: 0 };
      wire.sendBytes(encodeFrame({ kind: "chunk", ...place, id: uploadId, payload }));
    }
  }

  private async hash(bytes: Uint8Array): Promise<string> {
    const hasher = sha256.create();
    for (let begin = 0; begin < bytes.length; begin += hashedBytes) {
      if (begin > 0) await new Promise<void>((resolve) => this.environment.after(0, resolve));
      hasher.update(bytes.subarray(begin, begin + hashedBytes));
    }
    return bytesToHex(hasher.digest());
  }
}

/** Rejects with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
