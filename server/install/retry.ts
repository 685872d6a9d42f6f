import { setTimeout as wait } from "node:timers/promises";
import { BackdropError } from "../../shared/errors.ts";

export interface Patience {
  /** attempts that bring nothing, one after the other, before it is given up */
  readonly attempts: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** a connection that brings nothing for so long is dropped */
  readonly stallMs: number;
}

export const patience: Patience = { attempts: 6, firstWaitMs: 1_000, longestWaitMs: 60_000, stallMs: 30_000 };

/** Thrown for what may work when it is tried again. */
export class Transient extends Error {
  override readonly name = "Transient";
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Thrown where no connection comes about at all. */
export class Unreachable extends Transient {
  readonly host: string;

  constructor(host: string, cause: unknown) {
    super(`${host} cannot be reached`, { cause });
    this.host = host;
  }
}

/** Runs `attempt` until it succeeds; `progressed` tells whether the last one brought anything, which starts the count anew. */
export async function withRetries<T>(
  label: string,
  { attempts, firstWaitMs, longestWaitMs }: Patience,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  progressed: () => boolean = () => false,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BackdropError) throw error;
      if (progressed()) failures = 1;
      if (failures >= attempts) {
        throw new BackdropError("download_failed", givenUp(label, error, attempts), { cause: error });
      }
      const asked = error instanceof Transient ? error.retryAfterMs : undefined;
      await wait(Math.min(asked ?? firstWaitMs * 2 ** (failures - 1), longestWaitMs), undefined, { signal });
    }
  }
}

/** For an answer of this status: undefined where waiting will not help. */
export function transientAnswer({ status, headers }: Response): Transient | undefined {
  if (status !== 408 && status !== 429 && status < 500) return undefined;
  const seconds = Number(headers.get("retry-after") ?? "none");
  return new Transient(`the server answers ${status}`, seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {});
}

/** For a person first: without a connection it is not the file's fault. */
function givenUp(label: string, error: unknown, attempts: number): string {
  if (!(error instanceof Unreachable)) {
    return `${label}: ${reason(error)}, after ${attempts} attempts; install again to go on where it stopped`;
  }
  const details = `${label}: ${reason(error.cause)}, after ${attempts} attempts`;
  return `the server ${error.host} cannot be reached; check the connection, then install again to go on where it stopped (${details})`;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
