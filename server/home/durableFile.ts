import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { writeWhole } from "../files/wholeFiles.ts";

/** Readable by its owner only. */
const ownerOnly = 0o600;

/** A file of the home folder: whole or absent, even when the power goes. */
export async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole([{ path, content }], { outlives: "power", mode: ownerOnly });
  } catch (cause) {
    throw storageFailed(cause);
  }
}

/** No paths in the message: it reaches clients. The cause is for the log. */
export function storageFailed(cause: unknown): BackdropError {
  const isFull = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
  const what = isFull ? "the disk is full; free some space" : "the server's data folder cannot be written; see its log";
  return new BackdropError("storage_failed", what, { cause });
}
