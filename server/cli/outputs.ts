import { mkdir, mkdtemp, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { writeWhole } from "../files/wholeFiles.ts";

export interface OutputFile {
  /** how the done event calls it */
  readonly role: string;
  readonly name: string;
  readonly content: Uint8Array | string;
}

/** Refuses a folder that cannot be written, or made, before any work is done; leaves nothing behind. */
export async function checkOutputFolder(dir: string): Promise<void> {
  for (let folder = resolve(dir); ; folder = dirname(folder)) {
    const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" && folder !== dirname(folder)) return undefined;
      throw unwritable(dir, error);
    });
    if (found === undefined) continue;
    if (!found.isDirectory()) throw unwritable(dir, `${folder} is a file`);
    // Permission bits tell little (root, read-only mounts, /proc): only writing proves that writing works.
    const probe = await mkdtemp(join(folder, ".backdrop-")).catch((error: unknown) => {
      throw unwritable(dir, error);
    });
    await rmdir(probe);
    return;
  }
}

/** Writes all files or none. */
export async function writeOutputs(dir: string, files: readonly Pick<OutputFile, "name" | "content">[]): Promise<void> {
  const toWrite = files.map(({ name, content }) => ({ path: join(dir, name), content }));
  try {
    await mkdir(dir, { recursive: true });
    await writeWhole(toWrite, { outlives: "process" });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** What an earlier command has left under names of this one. */
export async function removeOutputs(dir: string, names: readonly string[]): Promise<void> {
  try {
    for (const name of names) await rm(join(dir, name), { force: true });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

function unwritable(dir: string, cause: unknown): BackdropError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new BackdropError("output_unwritable", `out: ${dir} cannot be written (${detail}); choose another folder`, {
    cause,
  });
}
