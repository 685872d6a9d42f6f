import { defaultPort, fallbackPorts } from "../../../shared/protocol/limits.ts";
import type { Environment } from "./environment.ts";
import { type HandshakeOptions, type Limits, type Pairing, shakeHands, type Welcome } from "./handshake.ts";
import { type FailureReason, isWorthAnotherPort, LinkFailure, mostTelling } from "./linkFailure.ts";
import { type AskCode, pairWith } from "./pairing.ts";
import { causeOfSilence } from "./probe.ts";
import { Wire } from "./wire.ts";

/** A proven server, ready to work with. */
export interface Link {
  readonly serverId: string;
  readonly port: number;
  readonly wire: Wire;
  readonly welcome: Welcome;
  readonly limits: Limits;
}

export interface SearchOptions extends Omit<HandshakeOptions, "pairing"> {
  /** where a server answered last */
  readonly lastPort: number | undefined;
  /** undefined: the first server that is found is paired with */
  readonly pairing: () => Pairing | undefined;
  readonly askCode: AskCode;
  readonly onPaired: (pairing: Pairing) => void;
  /** whether sockets have got through to this computer before */
  readonly isReachable: boolean;
  readonly environment: Environment;
  /** ends the search, and closes the link whenever it comes */
  readonly signal: AbortSignal;
}

/** Tries the ports one after the other until our server is found; fails with what says most. */
export async function findServer(options: SearchOptions): Promise<Link> {
  const ports = portsToTry(options.lastPort);
  const reasons: FailureReason[] = [];
  for (const port of ports) {
    try {
      return await linkTo(port, options);
    } catch (thrown) {
      if (!(thrown instanceof LinkFailure) || options.signal.aborted) throw thrown;
      if (!isWorthAnotherPort(thrown.reason)) throw thrown;
      reasons.push(thrown.reason);
    }
  }
  const reason = mostTelling(reasons);
  if (reason !== "silent") throw new LinkFailure(reason);
  throw new LinkFailure(options.isReachable ? "server_not_running" : await causeOfSilence(ports, options.environment));
}

export function portsToTry(lastPort: number | undefined): readonly number[] {
  const known = [defaultPort, ...fallbackPorts];
  return lastPort === undefined ? known : [lastPort, ...known.filter((port) => port !== lastPort)];
}

async function linkTo(port: number, options: SearchOptions): Promise<Link> {
  const { environment, askCode, onPaired, signal } = options;
  const wire = await Wire.open(port, environment, signal);
  try {
    const known = options.pairing();
    const pairing = known ?? (await pairWith(wire, environment, askCode));
    if (known === undefined) onPaired(pairing);
    return { port, wire, ...(await shakeHands(wire, { ...options, pairing })) };
  } catch (thrown) {
    wire.close();
    throw thrown;
  }
}
