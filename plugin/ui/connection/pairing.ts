import type { Environment } from "./environment.ts";
import type { Pairing } from "./handshake.ts";
import { LinkFailure } from "./linkFailure.ts";
import type { Wire } from "./wire.ts";

export interface PairingWindow {
  readonly expiresAtMs: number;
  readonly problem: string | null;
}

/** Asks the person for the code; resolves with what was entered. */
export type AskCode = (window: PairingWindow) => Promise<string>;

/** what two clocks and the way may differ by */
const toleranceMs = 1_000;

/**
 * Exchanges the code for the secret. A wrong code is asked for again; `pair_begin` then tells whether the window is still the same,
 * because the fifth wrong one ends it. Fails as `pairing_expired` when nobody answers in time.
 */
export async function pairWith(wire: Wire, environment: Environment, askCode: AskCode): Promise<Pairing> {
  let problem: string | null = null;
  let before: PairingWindow | undefined;
  for (;;) {
    wire.send({ type: "pair_begin" });
    const { expiresInMs } = await wire.expect("pair_ready");
    const expiresAtMs = environment.now() + expiresInMs;
    const isNew = before !== undefined && expiresAtMs > before.expiresAtMs + toleranceMs;
    const window = { expiresAtMs, problem: isNew ? "That code is used up. The server shows a new one." : problem };
    const code = await inTime(Promise.race([askCode(window), wire.lost]), expiresInMs, environment);
    wire.send({ type: "pair", code });
    const answer = await wire.expect("paired", "error");
    if (answer.type === "paired") return { serverId: answer.serverId, secret: answer.secret };
    if (answer.code !== "pairing_failed") throw new LinkFailure("wrong_server");
    problem = "That is not the code on the server's terminal. Check it and enter it again.";
    before = window;
  }
}

async function inTime<T>(promise: Promise<T>, timeoutMs: number, environment: Environment): Promise<T> {
  let callOff = () => {};
  const expired = new Promise<never>((_, reject) => {
    callOff = environment.after(timeoutMs, () => reject(new LinkFailure("pairing_expired")));
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    callOff();
  }
}
