import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sd15 } from "../server/install/catalogue/sd15.ts";
import { sdxl } from "../server/install/catalogue/sdxl.ts";

const entries = { sd15, sdxl };
export type Published = keyof typeof entries;

/** Makes a package of the weights and configs in `dir`, described as the published model is; gives their size in bytes. */
export async function writeDescription(dir: string, name: Published, paths: readonly string[]): Promise<number> {
  const scheduler = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear", steps_offset: 1 };
  await mkdir(join(dir, "scheduler"), { recursive: true });
  await writeFile(join(dir, "scheduler", "scheduler_config.json"), JSON.stringify(scheduler));
  const files = await Promise.all(
    paths.map(async (path) => ({ path, sizeBytes: (await stat(join(dir, path))).size, sha256: "0".repeat(64) })),
  );
  await writeFile(join(dir, "backdrop.json"), JSON.stringify({ ...entries[name].description, files }));
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
