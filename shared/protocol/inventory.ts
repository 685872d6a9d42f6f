import { z } from "zod";
import { errorCodes } from "../errors.ts";
import { modelNameSchema } from "./fields.ts";
import { helpersSchema, helperTasks } from "./helpers.ts";
import { modelInfoSchema } from "./models.ts";

const bytes = z.int().min(0);

export const packageStateSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("absent") }),
  /** another one is being installed */
  z.strictObject({ type: z.literal("waiting") }),
  z.strictObject({ type: z.literal("starting") }),
  z.strictObject({ type: z.literal("fetching"), doneBytes: bytes, totalBytes: bytes }),
  z.strictObject({ type: z.literal("compiling") }),
  /** as it was left: installing again goes on there */
  z.strictObject({ type: z.literal("failed"), code: z.enum(errorCodes), message: z.string() }),
  z.strictObject({ type: z.literal("installed") }),
  /** it was installed and is not whole any more: installing again fetches what is not right. `message` says what that is */
  z.strictObject({ type: z.literal("damaged"), message: z.string() }),
]);
export type PackageState = z.output<typeof packageStateSchema>;

export function isInstalling({ type }: PackageState): boolean {
  return type === "waiting" || type === "starting" || type === "fetching" || type === "compiling";
}

/** A model or a helper that the server can fetch, and how far it is. */
export const packageInfoSchema = z.strictObject({
  name: modelNameSchema,
  /** for people */
  title: z.string(),
  purpose: z.string(),
  /** null: it paints */
  task: z.enum(helperTasks).nullable(),
  approximateBytes: bytes,
  /** to be read and accepted before it is installed */
  licences: z.array(z.strictObject({ part: z.string(), licence: z.string(), url: z.url({ protocol: /^https$/ }) })),
  state: packageStateSchema,
});
export type PackageInfo = z.output<typeof packageInfoSchema>;

/** What is installed and what can be, as `welcome` and `inventory` tell it. */
export const inventorySchema = z.strictObject({
  models: z.array(modelInfoSchema),
  helpers: helpersSchema,
  packages: z.array(packageInfoSchema),
});
export type InventoryInfo = z.output<typeof inventorySchema>;
