import { stat } from "node:fs/promises";
import { join } from "node:path";

/** A file that is not there (`foundBytes` undefined), or not in its size. */
export interface WrongFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly foundBytes: number | undefined;
}

/** The first of a folder's files that is not there with its size: instant, as nothing is read. */
export async function findWrongFile(
  dir: string,
  files: readonly { readonly path: string; readonly sizeBytes: number }[],
): Promise<WrongFile | undefined> {
  for (const { path, sizeBytes } of files) {
    const found = await stat(join(dir, path)).catch(() => undefined);
    if (found?.size !== sizeBytes) return { path, sizeBytes, foundBytes: found?.size };
  }
  return undefined;
}
