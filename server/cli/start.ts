import { existsSync } from "node:fs";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import type { ProviderChoice } from "../../shared/providers.ts";
import { version } from "../../shared/version.ts";
import { listPackages, programDir } from "../engine/packages.ts";
import { findHome } from "../home/paths.ts";
import { createLog, type LogLevel } from "../log/log.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { serve } from "./serve.ts";

export interface StartOptions {
  readonly port: string;
  readonly model: string;
  readonly provider: ProviderChoice;
  readonly log: LogLevel;
  readonly json?: true;
}

/** `backdrop start`: serves until it is interrupted, then ends what runs and leaves the rest for next time. */
export async function startCommand(options: StartOptions, io: Io): Promise<number> {
  const models = await listPackages();
  if (!models.includes(options.model)) {
    const known = models.join(", ") || "none (none is installed)";
    throw new BackdropError(
      "model_unknown",
      `model: expected one of ${known}, got ${JSON.stringify(options.model.slice(0, 200))}; see backdrop models list`,
    );
  }
  const server = await serve({
    home: findHome(),
    port: parsePort(options.port),
    engine: { childPath: engineProgram() },
    models,
    defaultModel: options.model,
    provider: options.provider,
    log: createLog({ write: io.stderr }, options.log),
    onPairingCode(code) {
      if (options.json) printJson(io, { type: "pairing", code });
      else io.stdout(`Pairing code: ${code}  (valid for 2 minutes; the panel asks for a new one when it needs it)\n`);
    },
  });
  const { port } = server;
  if (options.json) printJson(io, { type: "listening", port, version });
  else io.stdout(`Backdrop ${version} listens on ws://localhost:${port}, for this computer only; Ctrl+C stops it.\n`);
  await server.beginPairing();
  await interrupted(io.signal);
  await server.stop();
  if (options.json) printJson(io, { type: "stopped" });
  return exitCodes.done;
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new BackdropError("invalid_params", `port: expected 0 to 65535, got ${JSON.stringify(text.slice(0, 40))}`);
}

/** The engine runs in a process of its own, from the bundle. */
function engineProgram(): string {
  const path = join(programDir(), "dist", "engineChild.js");
  if (existsSync(path)) return path;
  throw new BackdropError("internal", "the engine's program is missing; run npm run build");
}

async function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
