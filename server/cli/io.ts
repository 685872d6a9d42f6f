import { type BackdropError, toBackdropError } from "../../shared/errors.ts";

/** What a command may do to the outside, besides files; tests pass their own. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  /** whether stderr is a terminal, so that a progress bar makes sense */
  readonly isTerminal: boolean;
  /** asks the person at the terminal; absent where there is none */
  readonly ask?: (question: string) => Promise<string>;
  readonly signal: AbortSignal;
}

export const exitCodes = { done: 0, internalFailure: 1, badInput: 2, interrupted: 130 } as const;

/** One line of machine-readable output. */
export function printJson(io: Io, event: { readonly type: string; readonly [key: string]: unknown }): void {
  io.stdout(`${JSON.stringify(event)}\n`);
}

/** Reports why a command ended early and gives its exit code. */
export function reportFailure(io: Io, json: boolean, thrown: unknown): number {
  if (io.signal.aborted) {
    if (json) printJson(io, { type: "cancelled" });
    else io.stderr("cancelled\n");
    return exitCodes.interrupted;
  }
  const error: BackdropError = toBackdropError(thrown);
  if (json) printJson(io, { type: "failed", code: error.code, message: error.message });
  else io.stderr(`${error.code}: ${error.message}\n`);
  return error.code === "internal" ? exitCodes.internalFailure : exitCodes.badInput;
}
