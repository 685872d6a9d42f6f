import { BackdropError } from "../../shared/errors.ts";
import type { ClientMessageOf } from "../../shared/protocol/clientMessages.ts";
import type { Frame } from "../../shared/protocol/frame.ts";
import { maxOpenUploads, maxUploadBytes } from "../../shared/protocol/limits.ts";
import type { ServerMessage } from "../../shared/protocol/serverMessages.ts";
import type { Upload } from "../uploads/upload.ts";
import type { UploadStore } from "../uploads/uploadStore.ts";

/** The uploads of one connection; they end with it. */
export class IncomingUploads {
  private readonly store: UploadStore;
  private readonly send: (message: ServerMessage) => void;
  private readonly open = new Map<string, Promise<Upload | undefined>>();

  constructor(store: UploadStore, send: (message: ServerMessage) => void) {
    this.store = store;
    this.send = send;
  }

  async begin({ uploadId, sha256, sizeBytes }: ClientMessageOf<"upload">): Promise<void> {
    checkSize(sizeBytes);
    if (this.open.has(uploadId)) throw invalid("this upload id is in use");
    if (this.open.size >= maxOpenUploads) throw invalid(`expected at most ${maxOpenUploads} uploads at a time`);
    // Known before anything is awaited, so that chunks that follow at once find it.
    const beginning = this.store
      .has(sha256)
      .then((have) => (have ? undefined : this.store.begin({ sha256, sizeBytes })));
    this.open.set(uploadId, beginning);
    try {
      const upload = await beginning;
      this.send({ type: "upload_ready", uploadId, have: upload === undefined });
      if (upload !== undefined) return;
      this.open.delete(uploadId);
      this.send({ type: "upload_done", uploadId, sha256 });
    } catch (error) {
      this.open.delete(uploadId);
      throw error;
    }
  }

  async write({ id: uploadId, seq, payload }: Frame): Promise<void> {
    const upload = await this.open.get(uploadId)?.catch(() => undefined);
    // What was on its way when the upload ended.
    if (upload === undefined) return;
    try {
      const { chunks, finished } = await upload.write(seq, payload);
      this.send({ type: "upload_ack", uploadId, chunks });
      if (!finished) return;
      this.open.delete(uploadId);
      this.send({ type: "upload_done", uploadId, sha256: upload.sha256 });
    } catch (error) {
      // Only the first chunk that breaks a rule is answered.
      if (!this.open.delete(uploadId)) return;
      throw error;
    }
  }

  close(): void {
    for (const upload of this.open.values()) {
      upload.then((open) => open?.abort()).catch(() => {});
    }
    this.open.clear();
  }
}

function checkSize(sizeBytes: number): void {
  if (sizeBytes === 0) throw new BackdropError("image_corrupt", "the picture is an empty file; choose another");
  if (sizeBytes <= maxUploadBytes) return;
  const message = `expected a picture of at most ${maxUploadBytes} bytes, got ${sizeBytes}; export it smaller`;
  throw new BackdropError("image_too_large", message);
}

function invalid(what: string): BackdropError {
  return new BackdropError("upload_invalid", `${what}; start the upload again`);
}
