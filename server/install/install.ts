import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { workSize } from "../../shared/geometry.ts";
import { readHelper } from "../assist/helperPackage.ts";
import { compileDepth, compileGraphs } from "../checkpoint/compile.ts";
import { graphsOfPackage } from "../checkpoint/graphRequest.ts";
import { type PackageDescription, readModelPackage } from "../checkpoint/modelPackage.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import { verifyPackage } from "../checkpoint/verifyPackage.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";
import { type FreeBytes, freeBytes, requireSpace } from "./diskSpace.ts";
import { bytesHere, downloadFile } from "./download.ts";
import { findFiles, takeFile } from "./folder.ts";
import type { Hub } from "./hub.ts";
import { lockInstall } from "./installLock.ts";
import { requireLicence } from "./licence.ts";
import { mapInParallel } from "./parallel.ts";
import { planDownload } from "./plan.ts";
import { type Patience, patience } from "./retry.ts";

export interface InstallOptions {
  /** where installed packages live */
  readonly modelsDir: string;
  readonly source: { readonly type: "hub"; readonly hub: Hub } | { readonly type: "folder"; readonly folder: string };
  readonly signal: AbortSignal;
  /** asked once a package, with the licences of its parts */
  readonly acceptLicences: (licences: readonly string[]) => Promise<boolean>;
  readonly onProgress: (progress: InstallProgress) => void;
  readonly patience?: Patience;
  readonly free?: FreeBytes;
}

export type InstallProgress =
  | { readonly phase: "fetch"; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly phase: "compile" };

export interface InstallResult {
  readonly dir: string;
  /** false where it was there already */
  readonly isNew: boolean;
}

const connections = 4;

/** Packages that are being installed lie under this name: never a package's own, so nothing opens them. */
const partialPrefix = ".installing-";

/**
 * Installs a package: fetches and checks its files, compiles it, and only then gives the folder its name. What was fetched
 * stays when it is stopped, and the next run goes on with it.
 */
export async function installPackage(entry: CatalogueEntry, options: InstallOptions): Promise<InstallResult> {
  const { name } = entry.description;
  const dir = join(options.modelsDir, name);
  const partial = join(options.modelsDir, partialPrefix + name);
  await mkdir(options.modelsDir, { recursive: true, mode: 0o700 });
  const release = await lockInstall(`${partial}.lock`, name);
  try {
    if (await isWhole(dir, options.signal)) return { dir, isNew: false };
    const isBroken = (await readdir(dir).catch(() => undefined)) !== undefined;
    await requireLicence(entry, isBroken ? dir : partial, options.acceptLicences);
    if (isBroken) await reuse(dir, partial);
    const files = await fetchFiles(entry, partial, options);
    for (const { path } of files) {
      if (path.endsWith(".safetensors")) await readSafetensors(join(partial, path), path);
    }
    const description = join(partial, "task" in entry.description ? "helper.json" : "backdrop.json");
    await writeFile(description, `${JSON.stringify({ ...entry.description, files }, null, 2)}\n`);
    if (hasGraphs(entry)) {
      options.onProgress({ phase: "compile" });
      await compile(partial);
    }
    options.signal.throwIfAborted();
    await rename(partial, dir);
    return { dir, isNew: true };
  } finally {
    await release();
  }
}

/** Deletes an installed package, and what a stopped installation left. Gives whether there was anything. */
export async function removePackage(modelsDir: string, name: string): Promise<boolean> {
  await mkdir(modelsDir, { recursive: true, mode: 0o700 });
  const release = await lockInstall(join(modelsDir, `${partialPrefix}${name}.lock`), name);
  try {
    const there = await readdir(modelsDir);
    const names = [name, partialPrefix + name].filter((folder) => there.includes(folder));
    for (const folder of names) await rm(join(modelsDir, folder), { recursive: true, force: true });
    return names.length > 0;
  } finally {
    await release();
  }
}

type Files = PackageDescription["files"];

async function fetchFiles(entry: CatalogueEntry, partial: string, options: InstallOptions): Promise<Files> {
  return options.source.type === "hub"
    ? await download(entry, partial, options.source.hub, options)
    : await takeFolder(entry, partial, options.source.folder, options);
}

async function download(entry: CatalogueEntry, partial: string, hub: Hub, options: InstallOptions): Promise<Files> {
  const { signal, onProgress } = options;
  const patient = options.patience ?? patience;
  const plan = await planDownload(entry, hub, patient, signal);
  const totalBytes = plan.reduce((sum, { remote }) => sum + remote.sizeBytes, 0);
  const here = await Promise.all(plan.map(({ path }) => bytesHere(join(partial, path))));
  let doneBytes = here.reduce((sum, bytes) => sum + bytes, 0);
  await requireSpace(partial, Math.max(0, totalBytes - doneBytes), options.free ?? freeBytes);
  const stop = new AbortController();
  const onBytes = (bytes: number) => {
    doneBytes += bytes;
    onProgress({ phase: "fetch", doneBytes, totalBytes });
  };
  onBytes(0);
  const shared = { hub, patience: patient, signal: AbortSignal.any([signal, stop.signal]), onBytes };
  return await mapInParallel(plan, connections, async ({ path, remote }) => {
    try {
      const sha256 = await downloadFile(join(partial, path), remote, shared);
      return { path, sizeBytes: remote.sizeBytes, sha256 };
    } catch (error) {
      // The others stop where they are; the next run goes on there.
      stop.abort(error);
      throw error;
    }
  });
}

async function takeFolder(
  entry: CatalogueEntry,
  partial: string,
  folder: string,
  options: InstallOptions,
): Promise<Files> {
  const found = await findFiles(entry, folder);
  const totalBytes = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await requireSpace(partial, totalBytes, options.free ?? freeBytes);
  const files: Files = [];
  let doneBytes = 0;
  for (const file of found) {
    options.signal.throwIfAborted();
    const sha256 = await takeFile(file, join(partial, file.path), options.signal);
    files.push({ path: file.path, sizeBytes: file.sizeBytes, sha256 });
    doneBytes += file.sizeBytes;
    options.onProgress({ phase: "fetch", doneBytes, totalBytes });
  }
  return files;
}

/** Whether every byte is as it was when it was installed: who installs again may have a reason. */
async function isWhole(dir: string, signal: AbortSignal): Promise<boolean> {
  try {
    await verifyPackage((await readHelper(dir)) ?? (await readModelPackage(dir)), signal);
    return true;
  } catch (error) {
    if (error instanceof BackdropError) return false;
    throw error;
  }
}

/** A broken package goes back to being installed: its good files are not fetched again. */
async function reuse(dir: string, partial: string): Promise<void> {
  await rm(partial, { recursive: true, force: true });
  await rename(dir, partial);
}

/** Of our own: the other helpers' are published as graphs. */
function hasGraphs({ description }: CatalogueEntry): boolean {
  return !("task" in description) || description.task === "depth";
}

/** A missing, foreign or misshapen tensor shows now, not in the first job. */
async function compile(dir: string): Promise<void> {
  const helper = await readHelper(dir);
  if (helper?.task === "depth") {
    await compileDepth(helper);
    return;
  }
  const modelPackage = await readModelPackage(dir);
  const { pixelArea, sideMultiple } = modelPackage;
  await compileGraphs(dir, graphsOfPackage(modelPackage, workSize({ width: 1, height: 1 }, pixelArea, sideMultiple)));
}
