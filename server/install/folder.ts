import { constants, copyFile, link, mkdir, readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import type { CatalogueEntry, CatalogueFile, CatalogueRepository, CatalogueSource } from "./catalogue/entry.ts";
import { digestOf } from "./digest.ts";

/** A package's file in a folder of the user. */
export interface FoundFile {
  /** in the package */
  readonly path: string;
  /** what lies in the folder */
  readonly file: string;
  readonly sizeBytes: number;
  readonly source: CatalogueSource;
}

/**
 * Finds a package's files in a folder: laid out as the package, as its repositories, each in a folder of its name or
 * straight there, or as the hub's own cache. Names every file that is not there.
 */
export async function findFiles(entry: CatalogueEntry, folder: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const missing: string[] = [];
  for (const repository of entry.repositories) {
    const places = await placesOf(repository, folder);
    const here: FoundFile[] = [];
    const lacking: CatalogueFile[] = [];
    for (const file of repository.files) {
      const one = await findFile(file, folder, places);
      if (one) here.push(one);
      else lacking.push(file);
    }
    // A part that may be left out is there whole or not at all.
    if (lacking.length > 0 && repository.isOptional) continue;
    found.push(...here);
    for (const { path, from } of lacking) {
      missing.push(`${path} (${repository.name}: ${from.map((source) => source.path).join(" or ")})`);
    }
  }
  if (missing.length === 0) return found;
  const shown = missing.slice(0, 5).join(", ");
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
  throw new BackdropError("model_corrupt", `${folder}: lacks ${shown}${more}${await hint(folder)}`);
}

/** Puts a found file at `path` of the package without reading it into memory, and gives its sha256. */
export async function takeFile(found: FoundFile, path: string, signal: AbortSignal): Promise<string> {
  const file = await realpath(found.file);
  const { sha256 } = (await digestOf(file, found, signal)).finish();
  if (found.source.sha256 !== undefined && sha256 !== found.source.sha256) {
    throw new BackdropError(
      "model_corrupt",
      `${found.file}: expected sha256 ${found.source.sha256}, as published, got ${sha256}; fetch the file again`,
    );
  }
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  // Another disk, or a file system without links.
  await link(file, path).catch(() => copyFile(file, path, constants.COPYFILE_FICLONE));
  return sha256;
}

/** Folders that may hold a copy of a repository. */
async function placesOf({ name }: CatalogueRepository, folder: string): Promise<readonly string[]> {
  const cached = join(folder, `models--${name.replace("/", "--")}`, "snapshots");
  const snapshots = (await readdir(cached).catch(() => [])).sort().map((commit) => join(cached, commit));
  return [join(folder, name), join(folder, basename(name)), ...snapshots, folder];
}

async function findFile(
  { path, from }: CatalogueFile,
  folder: string,
  places: readonly string[],
): Promise<FoundFile | undefined> {
  for (const source of from) {
    for (const place of places) {
      const here = await fileAt(join(place, source.path));
      if (here && here.sizeBytes === (source.sizeBytes ?? here.sizeBytes)) return { path, source, ...here };
    }
  }
  // In the package's own layout nobody can tell which of the published files it is.
  const here = await fileAt(join(folder, path));
  return here && { path, source: { path }, ...here };
}

async function fileAt(file: string): Promise<{ readonly file: string; readonly sizeBytes: number } | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { file, sizeBytes: found.size } : undefined;
}

/** What the folder holds instead, and what to do about it. */
async function hint(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  if (names.some((name) => name.endsWith(".safetensors.index.json"))) {
    return "; weights in several shards are not read: save the model in one file, in diffusers with max_shard_size='100GB'";
  }
  if (names.some((name) => /\.(bin|ckpt|pt|pth)$/.test(name))) {
    return "; .bin, .ckpt and .pt files can run code and are never read: take the .safetensors files of the same repositories";
  }
  if (names.some((name) => /^[^/\\]+\.safetensors$/.test(name))) {
    return (
      "; a checkpoint in one file is not read: convert it to folders, in diffusers with from_single_file and " +
      "save_pretrained, or take the repositories that are named here"
    );
  }
  return "; copy the repositories that are named here into it";
}
