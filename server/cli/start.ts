import { BackdropError } from "../../shared/errors.ts";
import { defaultPort, fallbackPorts } from "../../shared/protocol/limits.ts";
import { type Precision, type ProviderChoice, requirePrecision } from "../../shared/providers.ts";
import { version } from "../../shared/version.ts";
import { readInstalled } from "../engine/installed.ts";
import { findHome } from "../home/paths.ts";
import { catalogue } from "../install/catalogue/catalogue.ts";
import { createLog, type LogLevel } from "../log/log.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { program } from "./program.ts";
import { requireProvider } from "./requireProvider.ts";
import { type RunningServer, type ServeOptions, serve } from "./serve.ts";

export interface StartOptions {
  /** left out: the default, or a fallback where that is taken */
  readonly port?: string;
  readonly model: string;
  readonly provider: ProviderChoice;
  readonly precision: Precision;
  readonly log: LogLevel;
  readonly json?: true;
}

/** `backdrop start`: serves until it is interrupted, then ends what runs and leaves the rest for next time. */
export async function startCommand(options: StartOptions, io: Io): Promise<number> {
  const log = createLog({ write: io.stderr }, options.log);
  const choice = { provider: options.provider, precision: options.precision };
  requirePrecision(choice);
  const installed = await readInstalled(log);
  const { models } = installed;
  if (!models.some(({ name }) => name === options.model)) {
    const known = models.map(({ name }) => name).join(", ") || "none (none is installed)";
    throw new BackdropError(
      "model_unknown",
      `model: expected one of ${known}, got ${JSON.stringify(options.model.slice(0, 200))}; see backdrop models list`,
    );
  }
  const ports = options.port === undefined ? [defaultPort, ...fallbackPorts] : [parsePort(options.port)];
  const target = await requireProvider(choice, io);
  const server = await serveOnFirstFree(ports, {
    home: findHome(),
    engine: { childPath: program("engineChild.js") },
    install: { childPath: program("installChild.js"), catalogue },
    installed,
    readInstalled: () => readInstalled(log),
    defaultModel: options.model,
    target,
    log,
    onPairingCode(code) {
      if (options.json) printJson(io, { type: "pairing", code });
      else io.stdout(`  Pairing code  ${code}  (valid for 2 minutes; the panel asks for a new one when it needs it)\n`);
    },
  });
  const { port } = server;
  if (options.port === undefined && port !== defaultPort) warn(io, options, movedFrom(defaultPort, port));
  if (options.json) printJson(io, { type: "listening", port, version });
  else io.stdout(welcome(port));
  await server.beginPairing();
  await interrupted(io.signal);
  await server.stop();
  if (options.json) printJson(io, { type: "stopped" });
  return exitCodes.done;
}

/** Another program, or the Backdrop of another home, may have a port. */
async function serveOnFirstFree(ports: readonly number[], options: Omit<ServeOptions, "port">): Promise<RunningServer> {
  for (const port of ports) {
    try {
      return await serve({ ...options, port });
    } catch (error) {
      const isTaken = error instanceof BackdropError && error.code === "port_taken";
      if (!isTaken || ports.length === 1) throw error;
    }
  }
  throw new BackdropError(
    "port_taken",
    `ports ${ports.join(", ")}: all are taken; stop a program there, or choose --port`,
  );
}

function movedFrom(wanted: number, port: number): string {
  return `port ${wanted} is taken by another program; using port ${port}, where the panel looks too`;
}

function warn(io: Io, { json }: StartOptions, message: string): void {
  if (json) printJson(io, { type: "warning", message });
  else io.stderr(`warning: ${message}\n`);
}

/** The playground is where a person goes first; Figma finds the port by itself, where its manifest lets it. */
function welcome(port: number): string {
  const reached = [defaultPort, ...fallbackPorts];
  const figma = `  Figma         reaches ${reached.join(", ")} only: start without --port to use it there\n`;
  return (
    `Backdrop ${version} runs on port ${port}, for this computer only; Ctrl+C stops it.\n\n` +
    `  Playground    http://localhost:${port}/\n` +
    (reached.includes(port) ? "" : figma)
  );
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new BackdropError("invalid_params", `port: expected 0 to 65535, got ${JSON.stringify(text.slice(0, 40))}`);
}

async function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
