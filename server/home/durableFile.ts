import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";

/** Files under this name were never finished; they can be deleted at any start. */
export const unfinishedPrefix = ".unfinished-";

/** Readable by its owner only. */
const ownerOnly = 0o600;

/** Writes a file whole or not at all, even when the power goes: another name, fsync, rename, fsync of the folder. */
export async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const unfinished = unfinishedName(dirname(path));
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(unfinished, "wx", ownerOnly);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw storageFailed(cause);
  }
}

/** A new name in `dir` for a file that is not finished yet. */
export function unfinishedName(dir: string): string {
  return join(dir, `${unfinishedPrefix}${randomUUID()}`);
}

/** Gives a finished and synced file its name. */
export async function publish(unfinished: string, path: string): Promise<void> {
  await rename(unfinished, path);
  // Windows has no fsync of folders; its renames are journalled.
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** No paths in the message: it reaches clients. The cause is for the log. */
export function storageFailed(cause: unknown): BackdropError {
  const isFull = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
  const what = isFull ? "the disk is full; free some space" : "the server's data folder cannot be written; see its log";
  return new BackdropError("storage_failed", what, { cause });
}
