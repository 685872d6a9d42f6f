import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { drainTimeoutMs, heartbeatMs, helloTimeoutMs } from "../../shared/protocol/limits.ts";
import type { TargetChoice } from "../../shared/providers.ts";
import type { Installed } from "../engine/installed.ts";
import { programDir } from "../engine/packages.ts";
import { Supervisor, type SupervisorOptions } from "../engine/supervisor.ts";
import { Turns } from "../engine/turns.ts";
import { Identity } from "../home/identity.ts";
import { lockHome } from "../home/lock.ts";
import type { Home } from "../home/paths.ts";
import { createApp } from "../http/app.ts";
import { createGuard } from "../http/guard.ts";
import { listenOnLoopback } from "../http/listen.ts";
import { createMetrics } from "../http/metrics.ts";
import type { CatalogueEntry } from "../install/catalogue/entry.ts";
import { HelperDesk } from "../jobs/helperDesk.ts";
import { openHistory } from "../jobs/history.ts";
import { Inventory } from "../jobs/inventory.ts";
import { Jobs } from "../jobs/jobs.ts";
import type { Log } from "../log/log.ts";
import { Pairing } from "../socket/pairing.ts";
import { SocketServer } from "../socket/socketServer.ts";
import { openUploadStore } from "../uploads/uploadStore.ts";

export interface ServeOptions {
  readonly home: Home;
  /** 0: any */
  readonly port: number;
  readonly engine: Omit<SupervisorOptions, "log">;
  /** what is here now, and what reads it again */
  readonly installed: Installed;
  readonly readInstalled: () => Promise<Installed>;
  readonly install: {
    /** the program of the installing process */
    readonly childPath: string;
    readonly catalogue: readonly CatalogueEntry[];
  };
  readonly defaultModel: string;
  readonly target: TargetChoice;
  readonly log: Log;
  readonly onPairingCode: (code: string) => void;
  readonly timing?: Partial<Timing>;
}

interface Timing {
  readonly helloTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly drainTimeoutMs: number;
  /** what a running job is given to end when the server stops; all together ends within 5 s */
  readonly stopMs: number;
}

export interface RunningServer {
  readonly port: number;
  readonly identity: Identity;
  /** the paths that are served, for the test that each is guarded */
  readonly routes: readonly string[];
  readonly enginePid: () => number | undefined;
  beginPairing(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts the server together: nothing of the history is touched before the port and the home are ours. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { home, log, defaultModel, target } = options;
  const timing: Timing = { helloTimeoutMs, heartbeatMs, drainTimeoutMs, stopMs: 3_000, ...options.timing };
  const servers = [createServer(), createServer()] as const;
  for (const server of servers) server.on("request", starting);
  const port = await listenOnLoopback(servers, options.port);
  let engine: Supervisor | undefined;
  let release = async () => {};
  try {
    release = await lockHome(home.lockFile, port);
    const identity = await Identity.open(home.identityFile);
    const uploads = await openUploadStore(home.uploadsDir);
    const history = await openHistory(home.jobsDir);
    const supervisor = new Supervisor({ ...options.engine, log });
    engine = supervisor;
    const turns = new Turns(supervisor);
    const { installed, readInstalled, install } = options;
    const inventory = new Inventory({ ...install, modelsDir: home.modelsDir, installed, readInstalled, log });
    const jobs = await Jobs.open({ history, uploads, engine: turns, log, inventory, defaultModel, target });
    const desk = new HelperDesk({ turns, uploads });
    const pairing = new Pairing(options.onPairingCode);
    const sockets = new SocketServer({
      identity,
      pairing,
      jobs,
      desk,
      inventory,
      uploads,
      log,
      defaultModel,
      ...timing,
    });
    const guard = createGuard(
      () => port,
      (token) => sockets.isSessionToken(token),
    );
    const metrics = createMetrics({
      connections: () => sockets.size,
      queuedJobs: () => jobs.queued,
      engineReplacements: () => supervisor.replacements,
      droppedPreviews: () => sockets.droppedPreviews,
    });
    jobs.listeners.add(metrics);
    jobs.listeners.add({
      // Clients are told of the damage, which they can have mended.
      onEvent(_, { event }) {
        if (event.type === "failed" && event.code === "model_corrupt") void inventory.refresh();
      },
      onPreview() {},
    });
    const app = createApp({ guard, jobs, uploads, metrics, log, programDir: programDir() });
    for (const server of servers) {
      server.off("request", starting);
      server.on("request", app);
      server.on("upgrade", (request, stream, head) => sockets.upgrade(guard, request, stream, head));
    }
    log.info({ port }, "listening");
    return {
      port,
      identity,
      routes: app.router.stack.flatMap(({ route }) => (route ? [route.path] : [])),
      enginePid: () => supervisor.pid,
      async beginPairing() {
        await pairing.begin();
      },
      async stop() {
        for (const server of servers) server.close();
        await Promise.all([jobs.stop(timing.stopMs), inventory.stop()]);
        await Promise.all([sockets.stop(), turns.stop()]);
        await release();
        await closeAll(servers);
        log.info("stopped");
      },
    };
  } catch (error) {
    await engine?.stop();
    await release();
    await closeAll(servers);
    throw error;
  }
}

/** The port is ours before the history is read; who comes in between comes again. */
function starting(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { "Retry-After": "1" }).end();
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  while (servers.some(({ listening }) => listening)) await sleep(10);
}
