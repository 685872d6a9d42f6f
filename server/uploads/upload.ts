import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { BackdropError } from "../../shared/errors.ts";
import { chunkBytes, uploadWindowChunks } from "../../shared/protocol/limits.ts";
import { publish, unfinishedName } from "../files/wholeFiles.ts";
import { storageFailed } from "../home/durableFile.ts";

/** What is promised when an upload begins. */
export interface Promised {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Written {
  /** stored so far */
  readonly chunks: number;
  readonly finished: boolean;
}

/** One picture on its way in: chunks are checked when they come, and written one after the other. */
export class Upload {
  private readonly hash = createHash("sha256");
  private readonly promised: Promised;
  private readonly path: string;
  private readonly unfinished: string;
  private readonly handle: FileHandle;
  private arrivedChunks = 0;
  private writtenChunks = 0;
  private arrivedBytes = 0;
  private isOver = false;
  private tail: Promise<unknown> = Promise.resolve();

  private constructor(promised: Promised, path: string, unfinished: string, handle: FileHandle) {
    this.promised = promised;
    this.path = path;
    this.unfinished = unfinished;
    this.handle = handle;
  }

  static async begin(dir: string, path: string, promised: Promised): Promise<Upload> {
    const unfinished = unfinishedName(dir);
    try {
      return new Upload(promised, path, unfinished, await open(unfinished, "wx", 0o600));
    } catch (cause) {
      throw storageFailed(cause);
    }
  }

  get sha256(): string {
    return this.promised.sha256;
  }

  /** Refuses what breaks the rules, and is over then. */
  async write(index: number, bytes: Uint8Array): Promise<Written> {
    try {
      this.check(index, bytes.length);
      this.arrivedChunks++;
      this.arrivedBytes += bytes.length;
      const isLast = this.arrivedBytes === this.promised.sizeBytes;
      const written = this.tail.then(() => this.store(bytes, isLast));
      // A failure reaches its own caller below; those behind it fail by themselves.
      this.tail = written.catch(() => {});
      return await written;
    } catch (error) {
      await this.abort();
      throw error instanceof BackdropError ? error : storageFailed(error);
    }
  }

  /** Forgets what has come so far; does nothing to a finished upload. */
  async abort(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    await this.tail;
    await this.handle.close().catch(() => {});
    await rm(this.unfinished, { force: true }).catch(() => {});
  }

  private check(index: number, length: number): void {
    if (this.isOver) throw invalid("the upload is over");
    if (index !== this.arrivedChunks) throw invalid(`expected chunk ${this.arrivedChunks}, got ${index}`);
    const expected = Math.min(chunkBytes, this.promised.sizeBytes - this.arrivedBytes);
    if (length !== expected) throw invalid(`chunk ${index}: expected ${expected} bytes, got ${length}`);
    if (this.arrivedChunks - this.writtenChunks >= uploadWindowChunks) {
      throw invalid(`chunk ${index}: expected at most ${uploadWindowChunks} chunks not acknowledged`);
    }
  }

  private async store(bytes: Uint8Array, isLast: boolean): Promise<Written> {
    if (this.isOver) throw invalid("the upload is over");
    this.hash.update(bytes);
    await this.handle.writeFile(bytes);
    this.writtenChunks++;
    if (!isLast) return { chunks: this.writtenChunks, finished: false };

    const sha256 = this.hash.digest("hex");
    if (sha256 !== this.promised.sha256) throw invalid(`expected sha256 ${this.promised.sha256}, got ${sha256}`);
    await this.handle.sync();
    await this.handle.close();
    await publish(this.unfinished, this.path, { outlives: "power" });
    this.isOver = true;
    return { chunks: this.writtenChunks, finished: true };
  }
}

function invalid(what: string): BackdropError {
  return new BackdropError("upload_invalid", `${what}; start the upload again`);
}
