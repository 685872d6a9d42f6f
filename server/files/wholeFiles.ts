import { randomUUID } from "node:crypto";
import { link, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface FileToWrite {
  readonly path: string;
  readonly content: Uint8Array | string;
}

export interface WritePromise {
  /** `process`: what was being written when the process ends is absent. `power`: what has its name outlives the computer's end too, at the price of a sync. */
  readonly outlives: "process" | "power";
  /** permission bits; left out: what the system gives */
  readonly mode?: number;
}

/** Files under this name were never finished; they can be deleted at any start. */
export const unfinishedPrefix = ".unfinished-";

/**
 * Each file is whole under its name or absent, and none has its name before all are written. Their folders exist. Throws what the file
 * system threw, and leaves nothing unfinished behind.
 */
export async function writeWhole(files: readonly FileToWrite[], promise: WritePromise): Promise<void> {
  const staged = files.map((file) => ({ ...file, unfinished: unfinishedName(dirname(file.path)) }));
  try {
    for (const { unfinished, content } of staged) await writeUnfinished(unfinished, content, promise);
    for (const { path } of staged) await refuseFolder(path);
    for (const { unfinished, path } of staged) await publish(unfinished, path, promise);
  } catch (error) {
    await Promise.all(staged.map(({ unfinished }) => rm(unfinished, { force: true }).catch(() => {})));
    throw error;
  }
}

/**
 * The file at `path`, whole, with this content, for its owner alone; false, and nothing is changed, where something has that name. Of several
 * processes that try at once, one gets true, and no other sees the file without its content.
 */
export async function createWhole(path: string, content: string): Promise<boolean> {
  const unfinished = unfinishedName(dirname(path));
  try {
    await writeUnfinished(unfinished, content, { outlives: "process", mode: 0o600 });
    await link(unfinished, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** A new name in `dir` for a file that is not finished yet. */
export function unfinishedName(dir: string): string {
  return join(dir, `${unfinishedPrefix}${randomUUID()}`);
}

/** Gives a finished file, which is synced where it is to outlive the power, its name. */
export async function publish(unfinished: string, path: string, { outlives }: WritePromise): Promise<void> {
  await rename(unfinished, path);
  // Windows has no fsync of folders; its renames are journalled.
  if (outlives === "process" || process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeUnfinished(
  path: string,
  content: Uint8Array | string,
  { outlives, mode }: WritePromise,
): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    await handle.writeFile(content);
    if (outlives === "power") await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Found before the first rename, so that no file has its name when another cannot have its own. */
async function refuseFolder(path: string): Promise<void> {
  const inTheWay = await stat(path).catch(() => undefined);
  if (inTheWay?.isDirectory()) throw new Error(`${path} is a folder`);
}
