import type { CatalogueEntry } from "./entry.ts";
import { captioner, depthAnything, slimsam } from "./helpers.ts";
import { sd15 } from "./sd15.ts";
import { sdxl } from "./sdxl.ts";

/** Every package that `backdrop models install` knows. */
export const catalogue: readonly CatalogueEntry[] = [sdxl, sd15, slimsam, captioner, depthAnything];

/** The licences of a package's parts, for whoever has to accept them. */
export function licencesOf(entry: CatalogueEntry): readonly string[] {
  return entry.repositories.map(({ name, licence, licenceUrl }) => `${name}: ${licence} (${licenceUrl})`);
}
