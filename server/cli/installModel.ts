import { BackdropError } from "../../shared/errors.ts";
import { findHome } from "../home/paths.ts";
import { catalogue } from "../install/catalogue/catalogue.ts";
import type { CatalogueEntry } from "../install/catalogue/entry.ts";
import { findHub } from "../install/hub.ts";
import { installPackage, removePackage } from "../install/install.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { createTransferProgress } from "./transferProgress.ts";

export interface InstallCommandOptions {
  readonly from?: string;
  readonly acceptLicence?: true;
  readonly json?: true;
}

export interface RemoveCommandOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** `backdrop models install NAME` */
export async function installModel(name: string, options: InstallCommandOptions, io: Io): Promise<number> {
  const entry = findEntry(name);
  const progress = createTransferProgress(io, options.json === true);
  try {
    const { dir, isNew } = await installPackage(entry, {
      modelsDir: findHome().modelsDir,
      source: options.from === undefined ? { type: "hub", hub: findHub() } : { type: "folder", folder: options.from },
      signal: io.signal,
      acceptLicences: async (licences) => options.acceptLicence === true || (await askLicences(name, licences, io)),
      onProgress: progress.show,
    });
    progress.clear();
    if (options.json) printJson(io, { type: "done", model: name, dir, isNew });
    else io.stdout(isNew ? `${name} is installed in ${dir}\n` : `${name} is installed already in ${dir}\n`);
    return exitCodes.done;
  } catch (error) {
    progress.clear();
    throw error;
  }
}

/** `backdrop models remove NAME`: what `install` put there, never the embedded model. */
export async function removeModel(name: string, options: RemoveCommandOptions, io: Io): Promise<number> {
  findEntry(name);
  if (!options.yes && !(await isYes(io, `Delete the model ${name} from this computer? [y/N] `))) {
    throw new BackdropError("invalid_params", `model ${name}: is not deleted without --yes`);
  }
  const removed = await removePackage(findHome().modelsDir, name);
  if (!removed) {
    throw new BackdropError("model_unknown", `model ${name}: is not installed; see backdrop models list`);
  }
  if (options.json) printJson(io, { type: "done", model: name });
  else io.stdout(`${name} is deleted\n`);
  return exitCodes.done;
}

function findEntry(name: string): CatalogueEntry {
  const entry = catalogue.find(({ description }) => description.name === name);
  if (entry) return entry;
  const known = catalogue.map(({ description }) => description.name).join(", ");
  throw new BackdropError(
    "model_unknown",
    `model: expected one of ${known}, got ${JSON.stringify(name.slice(0, 200))}; see backdrop models list`,
  );
}

async function askLicences(name: string, licences: readonly string[], io: Io): Promise<boolean> {
  if (io.ask === undefined) return false;
  io.stderr(`${name} is made of models under these licences:\n${licences.map((line) => `  ${line}\n`).join("")}`);
  return await isYes(io, "Have you read them, and do you accept them? [y/N] ");
}

async function isYes(io: Io, question: string): Promise<boolean> {
  return io.ask !== undefined && /^y(es)?$/i.test((await io.ask(question)).trim());
}
