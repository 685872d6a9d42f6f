import { readFile, rm } from "node:fs/promises";
import { createWhole } from "./wholeFiles.ts";

/** Whether somebody holds a lock, as what it says tells. */
type IsHeld = (content: string) => boolean | Promise<boolean>;

/** Makes the lock `file`, which says `content`: true where it is ours then. One that nobody holds any longer is taken over, by one alone. */
export async function takeLock(file: string, content: string, isHeld: IsHeld): Promise<boolean> {
  if (await createWhole(file, content)) return true;
  if (await isStale(file, isHeld)) {
    // It is taken away under a lock of its own: what another has made in its place by then must stay.
    const guard = `${file}.stale`;
    if (!(await takeLock(guard, String(process.pid), namesProcess))) return false;
    try {
      if (await isStale(file, isHeld)) await rm(file, { force: true });
    } finally {
      await rm(guard, { force: true });
    }
  }
  return await createWhole(file, content);
}

/** What is not there, or cannot be read, is not stale: it may be made at any moment. */
async function isStale(file: string, isHeld: IsHeld): Promise<boolean> {
  const content = await readFile(file, "utf8").catch(() => undefined);
  return content !== undefined && !(await isHeld(content));
}

/** Whether this is the number of a process that runs. */
export function namesProcess(text: string): boolean {
  if (!/^[1-9]\d*$/.test(text)) return false;
  try {
    process.kill(Number(text), 0);
    return true;
  } catch (error) {
    // Another user's process runs too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
