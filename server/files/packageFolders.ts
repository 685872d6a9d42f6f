import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** What is being installed has a name that no package has. */
export const packageName = /^[a-z0-9][a-z0-9._-]*$/;

export interface PackageFolder {
  readonly name: string;
  readonly dir: string;
}

/** The folders in `dirs` that hold the file `description`, by name; of two with one name the first folder's. */
export async function packageFolders(
  dirs: readonly string[],
  description: "backdrop.json" | "helper.json",
): Promise<readonly PackageFolder[]> {
  const found = new Map<string, string>();
  for (const dir of dirs) {
    for (const name of await readdir(dir).catch(() => [])) {
      if (found.has(name) || !packageName.test(name) || !existsSync(join(dir, name, description))) continue;
      found.set(name, join(dir, name));
    }
  }
  return [...found].map(([name, dir]) => ({ name, dir })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
