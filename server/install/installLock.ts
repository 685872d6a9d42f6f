import { readFile, rm } from "node:fs/promises";
import { BackdropError } from "../../shared/errors.ts";
import { createWhole } from "../files/wholeFiles.ts";
import { isAlive } from "../home/lock.ts";

/** One process at a time installs a package. A lock counts while its process lives. Gives what releases it. */
export async function lockInstall(file: string, name: string): Promise<() => Promise<void>> {
  for (const isLast of [false, true]) {
    if (await createWhole(file, String(process.pid))) return () => rm(file, { force: true });
    const holder = Number(await readFile(file, "utf8").catch(() => "none"));
    const isHeld = Number.isInteger(holder) && holder > 0 && isAlive(holder);
    if (isHeld || isLast) {
      throw new BackdropError(
        "already_running",
        `model ${name}: is being installed or removed by process ${holder}; wait for it, or delete ${file} if there is none`,
      );
    }
    await rm(file, { force: true });
  }
  throw new Error("lockInstall: ends within its loop");
}
