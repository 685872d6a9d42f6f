import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BackdropError } from "../../shared/errors.ts";

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

/** Writes all files or none: under other names first, then, where nothing stands in the way, renamed. */
export async function writeOutputs(dir: string, files: readonly OutputFile[]): Promise<void> {
  const token = randomUUID();
  const parts = files.map(({ name }) => ({ from: join(dir, `.${name}.${token}`), to: join(dir, name) }));
  try {
    await mkdir(dir, { recursive: true });
    await Promise.all(files.map(({ content }, i) => writeFile(parts[i]?.from ?? "", content)));
    for (const { to } of parts) {
      const inTheWay = await stat(to).catch(() => undefined);
      if (inTheWay?.isDirectory()) throw new Error(`${to} is a folder`);
    }
    for (const { from, to } of parts) await rename(from, to);
  } catch (error) {
    await Promise.all(parts.map(({ from }) => rm(from, { force: true }).catch(() => {})));
    throw unwritable(dir, error);
  }
}

export async function writeFileAtomically(dir: string, name: string, content: Uint8Array): Promise<void> {
  await writeOutputs(dir, [{ role: name, name, content }]);
}

function unwritable(dir: string, cause: unknown): BackdropError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new BackdropError("output_unwritable", `out: ${dir} cannot be written (${detail}); choose another folder`, {
    cause,
  });
}
