import { mkdir, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { createWhole } from "../files/wholeFiles.ts";
import { storageFailed } from "./durableFile.ts";

const holderSchema = z.strictObject({ pid: z.int().min(1), port: z.int().min(1).max(65_535) });
type Holder = z.output<typeof holderSchema>;

const answerTimeoutMs = 1_000;

/**
 * One server at a time works in a home: two would run the same unfinished jobs. The lock names a process and its port and counts
 * while both are there, so one that a crash left behind keeps nobody out. Gives what releases it.
 */
export async function lockHome(file: string, port: number): Promise<() => Promise<void>> {
  const release = () => rm(file, { force: true });
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    if (await tryLock(file, port)) return release;
    const holder = await readHolder(file);
    if (holder !== undefined && isAlive(holder.pid) && (await answers(holder.port))) throw alreadyRunning(holder);
    await release();
    if (await tryLock(file, port)) return release;
  } catch (error) {
    throw error instanceof BackdropError ? error : storageFailed(error);
  }
  throw alreadyRunning(await readHolder(file));
}

async function tryLock(file: string, port: number): Promise<boolean> {
  return await createWhole(file, JSON.stringify({ pid: process.pid, port } satisfies Holder));
}

/** Undefined for what is no lock of ours, such as one that was being written when the power went. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
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
