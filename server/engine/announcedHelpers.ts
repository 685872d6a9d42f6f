import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { modelNameSchema } from "../../shared/protocol/fields.ts";
import { type Helpers, helperTasks, noHelpers } from "../../shared/protocol/helpers.ts";
import { packageFolders } from "../files/packageFolders.ts";
import type { Log } from "../log/log.ts";
import { modelsDirs } from "./packages.ts";

/** Of `helper.json`, what clients are told. The engine reads and checks all of it when it opens the helper. */
const describedSchema = z.object({ name: modelNameSchema, task: z.enum(helperTasks) });

/** The installed helper of each task, the first by its folder. One whose description cannot be read is left out. */
export async function announcedHelpers(log: Log, dirs = modelsDirs()): Promise<Helpers> {
  const helpers = { ...noHelpers };
  for (const { name: folder, dir } of await packageFolders(dirs, "helper.json")) {
    try {
      const { name, task } = describedSchema.parse(JSON.parse(await readFile(join(dir, "helper.json"), "utf8")));
      helpers[task] ??= name;
    } catch (err) {
      log.error({ helper: folder, err }, "a helper is left out: its helper.json cannot be used; install it again");
    }
  }
  return helpers;
}
