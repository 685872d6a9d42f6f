import { z } from "zod";
import { BackdropError, errorCodes } from "../../../shared/errors.ts";
import type { Environment } from "./environment.ts";
import type { Link } from "./findServer.ts";

export interface FilesOptions {
  readonly environment: Environment;
  /** waits for one */
  readonly link: () => Promise<Link>;
}

const maxTries = 4;
const pauseMs = 300;
const problemSchema = z.looseObject({ code: z.enum(errorCodes), detail: z.string() });

/**
 * Reads a file of the server's: a result, or what was uploaded. A session token ends with its connection, and a server that goes takes the request with it: either is tried
 * again with the next connection.
 */
export async function fetchFile(path: string, options: FilesOptions): Promise<Uint8Array> {
  for (let tries = 1; ; tries++) {
    const { port, welcome } = await options.link();
    const url = `http://localhost:${port}${path}`;
    const outcome = await read(url, welcome.sessionToken, options.environment);
    if (outcome instanceof Uint8Array) return outcome;
    if (tries === maxTries || !outcome.isPassing) throw outcome.error;
    await new Promise<void>((resolve) => options.environment.after(pauseMs * tries, resolve));
  }
}

interface Failure {
  readonly error: BackdropError;
  /** may be gone with the next connection */
  readonly isPassing: boolean;
}

async function read(url: string, sessionToken: string, environment: Environment): Promise<Uint8Array | Failure> {
  try {
    const response = await environment.fetch(url, { headers: { Authorization: `Bearer ${sessionToken}` } });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
    const { code, detail } = problem.data ?? { code: "internal", detail: `the server answered ${response.status}` };
    const isPassing = code === "unauthorized" || code === "rate_limited" || response.status === 503;
    return { error: new BackdropError(code, detail), isPassing };
  } catch (cause) {
    const message = "the file could not be read from the server, or the browser does not let the panel; try again";
    return { error: new BackdropError("internal", message, { cause }), isPassing: true };
  }
}
