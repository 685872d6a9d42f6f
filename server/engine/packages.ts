import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BackdropError } from "../../shared/errors.ts";

/** The folder of a model package, by its name or by its path; a name goes before a folder of that name. */
export async function findPackage(nameOrDir: string): Promise<string> {
  const isName = /^[a-z0-9][a-z0-9._-]*$/.test(nameOrDir);
  const places = isName ? [join(modelsDir(), nameOrDir), resolve(nameOrDir)] : [resolve(nameOrDir)];
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
export async function listPackages(dir = modelsDir()): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  return names.filter((name) => existsSync(join(dir, name, "backdrop.json"))).sort();
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
