import type { Server } from "node:http";
import { BackdropError } from "../../shared/errors.ts";

/** Loopback only: a program of another computer never gets here. */
const addresses = ["127.0.0.1", "::1"] as const;

/** Listens on both loopback addresses ("localhost" may mean either); without IPv6 on the first alone. Gives the port. */
export async function listenOnLoopback(servers: readonly [Server, Server], port: number): Promise<number> {
  const [first, second] = servers;
  await listen(first, addresses[0], port).catch((cause: NodeJS.ErrnoException) => {
    throw portTaken(port, cause);
  });
  const bound = first.address();
  const chosen = typeof bound === "object" && bound !== null ? bound.port : port;
  await listen(second, addresses[1], chosen).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") return;
    first.close();
    throw portTaken(chosen, error);
  });
  return chosen;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host === "::1" }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portTaken(port: number, cause: NodeJS.ErrnoException): BackdropError {
  return new BackdropError(
    "port_taken",
    `port ${port}: cannot be used (${cause.code}); another Backdrop may be running: stop it, or choose --port`,
    { cause },
  );
}
