import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Helpers, helpersSchema, helperTasks } from "../../shared/protocol/helpers.ts";
import type { Log } from "../log/log.ts";
import { modelsDir } from "./packages.ts";

/** Of `helper.json`, what clients are told. The engine reads and checks all of it when it opens the helper. */
const describedSchema = z.object({ name: z.string(), task: z.enum(helperTasks) });

/** The installed helper of each task, the first by its folder. One whose description cannot be read is left out. */
export async function announcedHelpers(log: Log, dir = modelsDir()): Promise<Helpers> {
  const helpers: Record<string, string> = {};
  const folders = (await readdir(dir).catch(() => [])).sort();
  for (const folder of folders) {
    const text = await readFile(join(dir, folder, "helper.json"), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    try {
      const { name, task } = describedSchema.parse(JSON.parse(text));
      helpers[task] ??= name;
    } catch (error) {
      log.error(
        { helper: folder, err: error },
        "a helper is left out: its helper.json cannot be used; install it again",
      );
    }
  }
  return helpersSchema.parse({ segment: null, describe: null, depth: null, ...helpers });
}
