import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { programDir } from "../../server/engine/packages.ts";

/** The ports that the manifest lets a panel reach. */
const ports = [41730, 41731, 41732];

/** The server as a person starts it, with the embedded model, in a process and a folder of its own. */
export class ServerProcess {
  readonly port: number;
  /** the last that it showed */
  pairingCode = "";
  private readonly home: string;
  private child: ChildProcess | undefined;

  private constructor(port: number, home: string) {
    this.port = port;
    this.home = home;
  }

  static async start(): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), await mkdtemp(join(tmpdir(), "backdrop-browser-")));
    await server.start();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.port}/`;
  }

  /** Again, after `kill`: on the same port, with the same folder. */
  async start(): Promise<void> {
    const options = ["start", "--json", "--port", String(this.port), "--provider", "cpu"];
    const child = spawn(process.execPath, [join(programDir(), "dist", "cli.js"), ...options], {
      env: { ...process.env, BACKDROP_HOME: this.home },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}; is it built?`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const event: { readonly type: string; readonly code?: string } = JSON.parse(line);
        if (event.type !== "pairing") return;
        this.pairingCode = event.code ?? "";
        resolve();
      });
    });
  }

  /** As a crash would: it can say nothing any more. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** A file of the job that was made last. */
  async latestOutput(name: string): Promise<Buffer> {
    const jobsDir = join(this.home, "jobs");
    const jobIds = (await readdir(jobsDir)).filter((id) => /^[0-9a-f-]{36}$/.test(id));
    // Ids begin with the time at which they were made.
    return await readFile(join(jobsDir, jobIds.toSorted().at(-1) ?? "", name));
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.home, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  for (const port of ports) if (await isFree(port)) return port;
  throw new Error(`one of the ports ${ports.join(", ")} must be free`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1" }, () => probe.close(() => resolve(true)));
  });
}
