import { inspect } from "node:util";
import { toBackdropError } from "../../shared/errors.ts";
import { findHub } from "./hub.ts";
import { type InstallProgress, installPackage } from "./install.ts";
import type { InstallCommand, InstallMessage } from "./messages.ts";

// The program that installs one package and ends. Hashing gigabytes and compiling have no place in the main process, and what is
// fetched is on disk at every moment, so it may be killed at any.

const progressEveryMs = 400;

const stop = new AbortController();
let fetching: InstallMessage | undefined;
let showing: NodeJS.Timeout | undefined;

process.on("message", (command: InstallCommand) => {
  if (command.type === "stop") stop.abort(new Error("stopped"));
  else void install(command);
});
// Without the main process nobody waits for it.
process.on("disconnect", () => process.exit(0));
// These reach the whole process group; the main process says what becomes of it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

async function install({
  entry,
  licencesAccepted,
  modelsDir,
}: Extract<InstallCommand, { type: "install" }>): Promise<void> {
  try {
    await installPackage(entry, {
      modelsDir,
      source: { type: "hub", hub: findHub() },
      signal: stop.signal,
      acceptLicences: async () => licencesAccepted,
      onProgress: show,
    });
    end({ type: "installed" });
  } catch (thrown) {
    const { code, message } = toBackdropError(thrown);
    end(stop.signal.aborted ? { type: "stopped" } : { type: "failed", code, message, detail: inspect(thrown) });
  }
}

function show(progress: InstallProgress): void {
  if (progress.phase === "compile") {
    clearTimeout(showing);
    send({ type: "compiling" });
    return;
  }
  const { doneBytes, totalBytes } = progress;
  fetching = { type: "fetching", doneBytes, totalBytes };
  // The newest is shown when it is time, so that a standstill shows where it stands.
  showing ??= setTimeout(() => {
    showing = undefined;
    if (fetching !== undefined) send(fetching);
  }, progressEveryMs);
}

function end(message: InstallMessage): void {
  process.send?.(message, undefined, {}, () => process.exit(0));
}

function send(message: InstallMessage): void {
  // A failing send means that the main process is gone, and `disconnect` follows.
  process.send?.(message, undefined, {}, () => {});
}
