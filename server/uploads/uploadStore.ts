import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { unfinishedPrefix } from "../files/wholeFiles.ts";
import { storageFailed } from "../home/durableFile.ts";
import { type Promised, Upload } from "./upload.ts";

/** Uploaded pictures, each under the sha256 of its bytes. */
export interface UploadStore {
  has(sha256: string): Promise<boolean>;
  /** Where a picture that is here lies. */
  pathOf(sha256: string): string;
  begin(promised: Promised): Promise<Upload>;
  /** Deletes what was never finished, and pictures that are not `inUse` and that have not changed for a week. */
  sweep(inUse: ReadonlySet<string>): Promise<void>;
}

const keptMs = 7 * 24 * 60 * 60 * 1000;

export async function openUploadStore(dir: string): Promise<UploadStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw storageFailed(cause);
  });
  const pathOf = (sha256: string) => join(dir, sha256);
  return {
    pathOf,
    has: async (sha256) => (await stat(pathOf(sha256)).catch(() => undefined))?.isFile() ?? false,
    begin: (promised) => Upload.begin(dir, pathOf(promised.sha256), promised),
    async sweep(inUse) {
      for (const name of await readdir(dir)) {
        const changedMs = (await stat(join(dir, name))).mtimeMs;
        const isOld = Date.now() - changedMs > keptMs && !inUse.has(name);
        if (isOld || name.startsWith(unfinishedPrefix)) await rm(join(dir, name), { force: true });
      }
    },
  };
}
