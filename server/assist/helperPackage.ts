import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { type HelperTask, helperTasks } from "../../shared/protocol/helpers.ts";
import { fileListSchema } from "../checkpoint/modelPackage.ts";
import { checkFileSizes } from "../checkpoint/verifyPackage.ts";
import { packageFolders } from "../files/packageFolders.ts";

/** `helper.json`: what a helper is for, and the files that make it up, in the layout of its Hugging Face repository. */
export const helperSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  title: z.string(),
  licence: z.string(),
  task: z.enum(helperTasks),
  files: fileListSchema,
});

export type HelperDescription = z.output<typeof helperSchema>;

/** A helper's description, read and checked, with its folder. */
export interface HelperPackage extends HelperDescription {
  readonly dir: string;
}

/** The installed helper for a task, the first by name, with every file there in its size; undefined: none. */
export async function findHelper(task: HelperTask, modelsDirs: readonly string[]): Promise<HelperPackage | undefined> {
  const helper = (await listHelpers(modelsDirs)).find((each) => each.task === task);
  if (helper !== undefined) await checkFileSizes(helper);
  return helper;
}

/** Every helper in these folders, by name. */
export async function listHelpers(modelsDirs: readonly string[]): Promise<readonly HelperPackage[]> {
  const found = await Promise.all((await packageFolders(modelsDirs, "helper.json")).map(({ dir }) => readHelper(dir)));
  return found.filter((helper) => helper !== undefined);
}

/** What lies in a folder, where it is a helper. */
export async function readHelper(dir: string): Promise<HelperPackage | undefined> {
  const text = await readFile(join(dir, "helper.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return { ...helperSchema.parse(JSON.parse(text)), dir };
  } catch (cause) {
    const what = `helper ${basename(dir)}: helper.json cannot be used; install the helper again`;
    throw new BackdropError("model_corrupt", what, { cause });
  }
}

/** How transformers.js names a folder: its parent is where local models are, its name is the model. */
export function localName({ dir }: HelperPackage): { readonly parentDir: string; readonly name: string } {
  return { parentDir: dirname(dir), name: basename(dir) };
}
