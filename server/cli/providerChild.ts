import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { program } from "./program.ts";

/** A first start on a new GPU may translate all of the provider's kernels. */
const timeoutMs = 180_000;

/** What the program that checks providers prints, parsed as JSON. Throws what its process ended with. */
export async function askProviderChild(args: readonly string[], signal?: AbortSignal): Promise<unknown> {
  const options = { timeout: timeoutMs, killSignal: "SIGKILL", windowsHide: true, signal } as const;
  const { stdout } = await promisify(execFile)(process.execPath, [program("checkProviderChild.js"), ...args], options);
  return JSON.parse(stdout);
}

/** What to say of a check whose process did not end well. */
export function brokenDriver(error: unknown): string {
  const how = error instanceof Error && "signal" in error && error.signal ? String(error.signal) : "an error";
  return `the check ended with ${how}: the driver, or what the runtime makes of it, is broken here`;
}
