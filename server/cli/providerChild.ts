import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { Provider } from "../../shared/providers.ts";
import { program } from "./program.ts";

/** A first start on a new GPU may translate all of the provider's kernels. */
const patienceMs = 180_000;

export interface ProviderChildOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * What the program that checks providers finds: a driver may take its process down. Throws `invalid_params` where the provider is why there
 * is no answer, or may be, and `internal` where it cannot be.
 */
export async function askProviderChild<Found>(
  schema: z.ZodType<Found>,
  [provider, ...more]: readonly [Provider, ...string[]],
  { signal, timeoutMs = patienceMs }: ProviderChildOptions = {},
): Promise<Found> {
  const argv = [program("checkProviderChild.js"), provider, ...more];
  const options = { timeout: timeoutMs, killSignal: "SIGKILL", windowsHide: true, signal } as const;
  const { stdout } = await promisify(execFile)(process.execPath, argv, options).catch((cause: unknown) => {
    signal?.throwIfAborted();
    const message = `provider ${provider}: the check ${endOf(cause, timeoutMs)}; choose cpu or auto`;
    throw new BackdropError("invalid_params", message, { cause });
  });
  try {
    return schema.parse(JSON.parse(stdout));
  } catch (cause) {
    const got = JSON.stringify(stdout.slice(0, 100));
    const message = `provider ${provider}: expected the check's result, got ${got}; if it is of another version, run npm run build`;
    throw new BackdropError("internal", message, { cause });
  }
}

/** What `execFile` throws. */
const endSchema = z.object({
  /** by us */
  killed: z.boolean().optional(),
  signal: z.string().nullish(),
  /** the process's, or the system's where there is no process */
  code: z.union([z.number(), z.string()]).nullish(),
  stderr: z.string().optional(),
});

function endOf(thrown: unknown, timeoutMs: number): string {
  const { killed, signal, code, stderr = "" } = endSchema.parse(thrown);
  if (typeof code === "string") return `was not possible (${code})`;
  if (killed) return `was not done after ${timeoutMs / 1000} s`;
  // Node's own for what nobody caught.
  if (code === 1) return `failed (${/^\w*Error.*$/m.exec(stderr)?.[0].slice(0, 400) ?? "exit code 1"})`;
  return `was ended by ${signal ?? `exit code ${code}`}: the driver, or what the runtime makes of it, is broken here`;
}
