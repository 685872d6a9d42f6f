import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { licencesOf } from "./catalogue/catalogue.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";

/** Where a package is from, and the licences that were accepted for it; lies in its folder. */
const originFile = "origin.json";
const originSchema = z.object({ licences: z.array(z.string()) });

/** Has the licences accepted, once for as long as the package or what has arrived of it is in `dir`. Until then nothing is changed there. */
export async function requireLicence(
  entry: CatalogueEntry,
  dir: string,
  accept: (licences: readonly string[]) => Promise<boolean>,
): Promise<void> {
  const licences = licencesOf(entry);
  if (JSON.stringify(await acceptedIn(dir)) === JSON.stringify(licences)) return;
  if (!(await accept(licences))) {
    const { name } = entry.description;
    throw new BackdropError(
      "licence_not_accepted",
      `model ${name}: its licences have to be accepted first: ${licences.join("; ")}; read them, then accept them (--accept-licence on the command line)`,
    );
  }
  const origin = {
    schemaVersion: 1,
    acceptedAt: new Date().toISOString(),
    licences,
    repositories: entry.repositories.map(({ name, revision }) => `${name}@${revision}`),
  };
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, originFile), `${JSON.stringify(origin, null, 2)}\n`);
}

async function acceptedIn(dir: string): Promise<readonly string[]> {
  try {
    return originSchema.parse(JSON.parse(await readFile(join(dir, originFile), "utf8"))).licences;
  } catch {
    // Not there, or torn: the question is asked again.
    return [];
  }
}
