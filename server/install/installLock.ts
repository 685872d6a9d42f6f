import { readFile, rm } from "node:fs/promises";
import { BackdropError } from "../../shared/errors.ts";
import { namesProcess, takeLock } from "../files/lockFile.ts";

/** One process at a time installs a package. A lock counts while its process lives. Gives what releases it. */
export async function lockInstall(file: string, name: string): Promise<() => Promise<void>> {
  if (await takeLock(file, String(process.pid), namesProcess)) return () => rm(file, { force: true });
  const holder = await readFile(file, "utf8").catch(() => "unknown");
  throw new BackdropError(
    "already_running",
    `model ${name}: is being installed or removed by process ${holder}; wait for it, or delete ${file} if there is none`,
  );
}
