import { join, resolve } from "node:path";
import envPaths from "env-paths";

/** Where the server keeps what must survive it. */
export interface Home {
  /** says which server works here */
  readonly lockFile: string;
  /** who this server is, and the paired secret */
  readonly identityFile: string;
  /** which operators `doctor` found best for a provider on this computer */
  readonly measurementsFile: string;
  /** uploaded pictures, by sha256 */
  readonly uploadsDir: string;
  /** a folder for each installed model package */
  readonly modelsDir: string;
  /** a folder for each job: its record and its results */
  readonly jobsDir: string;
}

/** `BACKDROP_HOME`, or the operating system's place for a program's data. */
export function findHome(environment: NodeJS.ProcessEnv = process.env): Home {
  const { BACKDROP_HOME } = environment;
  return homeAt(BACKDROP_HOME ? resolve(BACKDROP_HOME) : envPaths("backdrop", { suffix: "" }).data);
}

export function homeAt(dir: string): Home {
  return {
    lockFile: join(dir, "server.lock"),
    identityFile: join(dir, "identity.json"),
    measurementsFile: join(dir, "measurements.json"),
    uploadsDir: join(dir, "uploads"),
    modelsDir: join(dir, "models"),
    jobsDir: join(dir, "jobs"),
  };
}
