import { BackdropError } from "../../shared/errors.ts";
import type { CatalogueEntry, CatalogueFile, CatalogueRepository } from "./catalogue/entry.ts";
import { describeFile, type Hub, type HubFile } from "./hub.ts";
import { mapInParallel } from "./parallel.ts";
import { type Patience, withRetries } from "./retry.ts";

export interface PlannedFile {
  /** in the package */
  readonly path: string;
  readonly remote: HubFile;
}

const connections = 8;
/** Nothing has been fetched yet, so that a person who waits hears soon that nothing can be. */
const mostAttempts = 3;

/** Asks the hub for every file of a package: where it is, how large, and its hash. */
export async function planDownload(
  entry: CatalogueEntry,
  hub: Hub,
  patience: Patience,
  signal: AbortSignal,
): Promise<readonly PlannedFile[]> {
  const impatience = { ...patience, attempts: Math.min(patience.attempts, mostAttempts) };
  const files = entry.repositories.flatMap((repository) => repository.files.map((file) => ({ repository, file })));
  const located = await mapInParallel(files, connections, async ({ repository, file }) => {
    const remote = await locate(repository, file, hub, impatience, signal);
    return { path: file.path, repository, ...(remote && { remote }) };
  });
  // A part that may be left out is there whole or not at all.
  const lacking = new Set(located.flatMap(({ repository, remote }) => (remote === undefined ? [repository] : [])));
  return located.flatMap(({ path, repository, remote }) =>
    remote === undefined || lacking.has(repository) ? [] : [{ path, remote }],
  );
}

/** undefined: it is not there, and need not be. */
async function locate(
  { name: repository, revision, isOptional }: CatalogueRepository,
  { path, from }: CatalogueFile,
  hub: Hub,
  patience: Patience,
  signal: AbortSignal,
): Promise<HubFile | undefined> {
  for (const source of from) {
    const where = { repository, revision, path: source.path };
    const found = await withRetries(`${repository}/${source.path}`, patience, signal, () =>
      describeFile(hub, where, signal),
    );
    if (found === undefined) continue;
    // A mirror may name a file by git's hash; what arrives is compared with the published one all the same.
    const published = source.sha256 ?? found.oid;
    const isOther = found.oid.length === published.length && found.oid !== published;
    if (isOther || (source.sizeBytes ?? found.sizeBytes) !== found.sizeBytes) {
      throw new BackdropError(
        "download_failed",
        `${repository}/${source.path}: expected ${source.sizeBytes ?? "any"} bytes with sha256 ${source.sha256}, ` +
          `the hub has ${found.sizeBytes} with ${found.oid}; use another mirror, or a newer Backdrop`,
      );
    }
    return { ...found, oid: published };
  }
  if (isOptional) return undefined;
  const tried = from.map((source) => source.path).join(" or ");
  throw new BackdropError(
    "download_failed",
    `${path}: expected ${repository} to have ${tried} at ${revision}, but it has not; use a newer Backdrop, or files that you have (--from on the command line)`,
  );
}
