import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BackdropError } from "../../shared/errors.ts";
import { packageFolders, packageName } from "../files/packageFolders.ts";
import { findHome } from "../home/paths.ts";

/** The folder of a model package, by its name or by its path; a name goes before a folder of that name. */
export async function findPackage(nameOrDir: string): Promise<string> {
  const isName = packageName.test(nameOrDir);
  const places = isName
    ? [...modelsDirs().map((dir) => join(dir, nameOrDir)), resolve(nameOrDir)]
    : [resolve(nameOrDir)];
  const found = places.find((dir) => existsSync(join(dir, "backdrop.json")));
  if (found !== undefined) return found;
  const known = await listPackages();
  throw new BackdropError(
    "model_unknown",
    `model: expected one of ${known.join(", ") || "none (none is installed)"} or the folder of a model package, ` +
      `got ${JSON.stringify(nameOrDir.slice(0, 200))}; see backdrop models list`,
  );
}

/** The names of the packages that are here, whether whole or not. */
export async function listPackages(dirs = modelsDirs()): Promise<readonly string[]> {
  return (await packageFolders(dirs, "backdrop.json")).map(({ name }) => name);
}

/** Where packages are: the program's own, then those that the user has installed. */
export function modelsDirs(): readonly string[] {
  return [modelsDir(), findHome().modelsDir];
}

/** `models/` beside this program's own package.json. */
export function modelsDir(): string {
  return join(programDir(), "models");
}

/** The folder of this program's own package.json, which is above both the sources and the bundle. */
export function programDir(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const packageJson = join(dir, "package.json");
    if (existsSync(packageJson) && readFileSync(packageJson, "utf8").includes('"name": "backdrop"')) return dir;
    if (dir === dirname(dir))
      throw new BackdropError("internal", "Backdrop's own folder cannot be found; install it again");
  }
}
