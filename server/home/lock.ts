import { mkdir, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { namesProcess, takeLock } from "../files/lockFile.ts";
import { storageFailed } from "./durableFile.ts";

const holderSchema = z.strictObject({ pid: z.int().min(1), port: z.int().min(1).max(65_535) });
type Holder = z.output<typeof holderSchema>;

const answerTimeoutMs = 1_000;

/**
 * One server at a time works in a home: two would run the same unfinished jobs. The lock names a process and its port and counts
 * while both are there, so one that a crash left behind keeps nobody out. Gives what releases it.
 */
export async function lockHome(file: string, port: number): Promise<() => Promise<void>> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const content = JSON.stringify({ pid: process.pid, port } satisfies Holder);
    if (await takeLock(file, content, isHeld)) return () => rm(file, { force: true });
  } catch (error) {
    throw storageFailed(error);
  }
  throw alreadyRunning(parseHolder(await readFile(file, "utf8").catch(() => "")));
}

async function isHeld(content: string): Promise<boolean> {
  const holder = parseHolder(content);
  return holder !== undefined && namesProcess(String(holder.pid)) && (await answers(holder.port));
}

/** Undefined for what is no lock of ours, such as one that was being written when the power went. */
function parseHolder(content: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port, timeout: answerTimeoutMs });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("timeout", () => settle(false));
  });
}

function alreadyRunning(holder: Holder | undefined): BackdropError {
  const where = holder === undefined ? "" : ` on port ${holder.port} (process ${holder.pid})`;
  return new BackdropError(
    "already_running",
    `Backdrop runs already${where} with the same data: use that one, stop it, or give this one another BACKDROP_HOME`,
  );
}
