import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { HelperTask } from "../../shared/protocol/helpers.ts";
import { depthReadingSchema, fileListSchema, packageSha256 } from "../checkpoint/modelPackage.ts";
import { checkFileSizes } from "../checkpoint/verifyPackage.ts";
import { packageFolders } from "../files/packageFolders.ts";

const described = {
  schemaVersion: z.literal(1),
  name: z.string(),
  title: z.string(),
  licence: z.string(),
  files: fileListSchema,
};

/** `helper.json`: what a helper is for, and the files that make it up. */
export const helperSchema = z.discriminatedUnion("task", [
  /** for transformers.js, in the layout of their Hugging Face repository */
  z.strictObject({ ...described, task: z.enum(["segment", "describe"]) }),
  /** the `depth/` of a model package, lent to models that have only a stand-in */
  z.strictObject({ ...described, task: z.literal("depth"), depth: depthReadingSchema }),
]);

export type HelperDescription = z.output<typeof helperSchema>;

/** A helper's description, read and checked, with its folder and the hash of the whole. */
export type HelperPackage = HelperDescription & { readonly dir: string; readonly sha256: string };

type HelperFor<Task extends HelperTask> = HelperPackage & { readonly task: Task };

/** The installed helper for a task, the first by name, with every file there in its size; undefined: none. */
export async function findHelper<Task extends HelperTask>(
  task: Task,
  modelsDirs: readonly string[],
): Promise<HelperFor<Task> | undefined> {
  const helpers = await listHelpers(modelsDirs);
  const helper = helpers.find((each): each is HelperFor<Task> => each.task === task);
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
    const description = helperSchema.parse(JSON.parse(text));
    return { ...description, dir, sha256: packageSha256(description) };
  } catch (cause) {
    const what = `helper ${basename(dir)}: helper.json cannot be used; install the helper again`;
    throw new BackdropError("model_corrupt", what, { cause });
  }
}

/** How transformers.js names a folder: its parent is where local models are, its name is the model. */
export function localName({ dir }: HelperPackage): { readonly parentDir: string; readonly name: string } {
  return { parentDir: dirname(dir), name: basename(dir) };
}
