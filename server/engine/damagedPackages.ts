import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { packageFolders } from "../files/packageFolders.ts";
import { findWrongFile } from "../files/wrongFile.ts";
import { modelsDirs } from "./packages.ts";

/** Of `backdrop.json` and `helper.json`, what is compared with the folder. */
const filesSchema = z.object({ files: z.array(z.object({ path: z.string(), sizeBytes: z.number() })) });

/**
 * Packages that are here but not whole, by name, each with what is wrong first: as when it is opened, every file has to be there in its size.
 * What the files hold is not read.
 */
export async function damagedPackages(dirs = modelsDirs()): Promise<Readonly<Record<string, string>>> {
  const damaged: Record<string, string> = {};
  for (const description of ["backdrop.json", "helper.json"] as const) {
    for (const { name, dir } of await packageFolders(dirs, description)) {
      const damage = await damageOf(dir, description);
      if (damage !== undefined) damaged[name] ??= damage;
    }
  }
  return damaged;
}

async function damageOf(dir: string, description: string): Promise<string | undefined> {
  try {
    const { files } = filesSchema.parse(JSON.parse(await readFile(join(dir, description), "utf8")));
    const wrong = await findWrongFile(dir, files);
    if (wrong === undefined) return undefined;
    const { path, sizeBytes, foundBytes } = wrong;
    return foundBytes === undefined ? `${path} is missing` : `${path} has ${foundBytes} bytes instead of ${sizeBytes}`;
  } catch {
    return `${description} cannot be read`;
  }
}
