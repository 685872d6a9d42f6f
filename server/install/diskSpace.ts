import { statfs } from "node:fs/promises";
import { BackdropError } from "../../shared/errors.ts";

/** For the graphs, and so that the computer goes on working. */
const reserveBytes = 256 * 2 ** 20;

export type FreeBytes = (dir: string) => Promise<number>;

/** What this user may still write to the disk of `dir`. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** Before anything is fetched: a full disk would hurt more than this program. */
export async function requireSpace(dir: string, neededBytes: number, free: FreeBytes): Promise<void> {
  const available = await free(dir);
  if (neededBytes === 0 || available >= neededBytes + reserveBytes) return;
  throw new BackdropError(
    "disk_full",
    `${dir}: expected ${gigabytes(neededBytes + reserveBytes)} free, got ${gigabytes(available)}; ` +
      "free some space, or set BACKDROP_HOME to a folder on another disk",
  );
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

export function diskFull(path: string, cause: unknown): BackdropError {
  const advice = "free some space and install again to go on";
  return new BackdropError("disk_full", `${path}: the disk is full; ${advice}`, { cause });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
