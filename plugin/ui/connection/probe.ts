import type { LostCause } from "./connection.ts";
import type { Environment } from "./environment.ts";

const probeTimeoutMs = 2_000;

type ProbeEnvironment = Pick<Environment, "fetch" | "after" | "loopbackPermission">;
type Found = "backdrop" | "other" | "hangs" | "nothing";

/**
 * Why no socket opened on any of the ports, in a page that has never reached one. A browser shows a page the same silence for a refused
 * connection and for one that it forbids itself. What can be told apart:
 *
 * | GET /health | permission | is |
 * | --- | --- | --- |
 * | a Backdrop answers | | `browser_blocked`: HTTP gets through, sockets do not |
 * | fails | denied | `browser_blocked`; whether a server runs cannot be known |
 * | hangs | prompt | `browser_blocked`: the browser asks the person |
 * | hangs, or answers and is no Backdrop | | `wrong_server` |
 * | fails | | `server_not_running`, or a browser that forbids without saying so |
 */
export async function causeOfSilence(ports: readonly number[], environment: ProbeEnvironment): Promise<LostCause> {
  const found = await Promise.all(ports.map((port) => probe(port, environment)));
  const permission = await environment.loopbackPermission();
  if (found.includes("backdrop") || permission === "denied") return "browser_blocked";
  if (found.includes("hangs") && permission === "prompt") return "browser_blocked";
  return found.includes("hangs") || found.includes("other") ? "wrong_server" : "server_not_running";
}

async function probe(port: number, environment: ProbeEnvironment): Promise<Found> {
  const timeout = new AbortController();
  const callOff = environment.after(probeTimeoutMs, () => timeout.abort());
  const get = (mode: RequestMode) =>
    environment.fetch(`http://localhost:${port}/health`, { mode, cache: "no-store", signal: timeout.signal });
  try {
    const health: unknown = await (await get("cors")).json();
    return isHealth(health) ? "backdrop" : "other";
  } catch {
    // A page may not read what others answer, but learns that they do.
    const isAnswered = await get("no-cors").then(
      () => true,
      () => false,
    );
    if (timeout.signal.aborted) return "hangs";
    return isAnswered ? "other" : "nothing";
  } finally {
    callOff();
  }
}

function isHealth(value: unknown): boolean {
  return typeof value === "object" && value !== null && "version" in value && typeof value.version === "string";
}
