import { type ChildProcess, fork } from "node:child_process";
import type { ErrorCode } from "../../shared/errors.ts";
import type { Log } from "../log/log.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";
import { type InstallCommand, type InstallMessage, installMessageSchema } from "./messages.ts";

export interface InstallationOptions {
  readonly entry: CatalogueEntry;
  /** else only a package in whose folder they are noted is installed, again */
  readonly licencesAccepted: boolean;
  readonly modelsDir: string;
  /** the program of the installing process */
  readonly childPath: string;
  readonly log: Log;
}

export type InstallationProgress = Extract<InstallMessage, { type: "fetching" | "compiling" }>;

export type InstallationEnd =
  | { readonly type: "installed" }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly message: string };

export interface Installation {
  /** What has arrived stays. */
  stop(): void;
  /** the process is gone */
  readonly ended: Promise<InstallationEnd>;
}

/** Given to a stopped installation to end by itself; killing it loses nothing either. */
const stopGraceMs = 1_500;

/** Installs a package in a process of its own, which the main process only listens to. */
export function startInstallation(
  { childPath, log, ...command }: InstallationOptions,
  onProgress: (progress: InstallationProgress) => void,
): Installation {
  const { name } = command.entry.description;
  const child = fork(childPath, [], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log.warn({ package: name, text: text.slice(0, 2000) }, "installation wrote to stderr");
  });
  let end: InstallationEnd | undefined;
  let grace: NodeJS.Timeout | undefined;
  child.on("message", (raw) => {
    const parsed = installMessageSchema.safeParse(raw);
    if (!parsed.success) {
      log.error({ package: name, issues: parsed.error.issues }, "the installing process said something unknown");
      child.kill("SIGKILL");
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case "fetching":
      case "compiling":
        onProgress(message);
        break;
      case "failed": {
        const { detail, ...failed } = message;
        log.warn({ package: name, code: failed.code, detail }, "installation failed");
        end = shown(failed);
        break;
      }
      default:
        end = message;
    }
  });
  const ended = goneOf(child).then((reason): InstallationEnd => {
    clearTimeout(grace);
    const isStopped = grace !== undefined;
    log.info({ package: name, reason, end: end?.type }, "installation ended");
    return end ?? (isStopped ? { type: "stopped" } : unexpected(reason));
  });
  send(child, { type: "install", ...command });
  return {
    ended,
    stop() {
      if (grace !== undefined) return;
      send(child, { type: "stop" });
      grace = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
    },
  };
}

function send(child: ChildProcess, command: InstallCommand): void {
  // A failing send means that the process is gone, and its exit says so too.
  child.send(command, () => {});
}

async function goneOf(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    // Not `exit`, after which the last message may still come.
    child.on("close", (code, signal) => resolve(signal ?? `exit ${code}`));
    child.on("error", (error) => resolve(error.message));
  });
}

/** Native text and paths stay in the log. */
function shown(failed: Extract<InstallationEnd, { type: "failed" }>): InstallationEnd {
  if (failed.code !== "internal") return failed;
  return { ...failed, message: "the installation failed; the server's log has the details under the package's name" };
}

function unexpected(reason: string): InstallationEnd {
  const message = `the installing program ended (${reason}); install again: it goes on where it was`;
  return { type: "failed", code: "download_failed", message };
}
