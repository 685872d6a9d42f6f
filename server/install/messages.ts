import { z } from "zod";
import { errorCodes } from "../../shared/errors.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";

/** From the main process to the installing one. */
export type InstallCommand =
  | {
      readonly type: "install";
      readonly entry: CatalogueEntry;
      readonly licencesAccepted: boolean;
      readonly modelsDir: string;
    }
  | { readonly type: "stop" };

const bytes = z.int().min(0);

/** From the installing process; after `installed`, `stopped` or `failed` it ends. */
export const installMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("fetching"), doneBytes: bytes, totalBytes: bytes }),
  z.strictObject({ type: z.literal("compiling") }),
  z.strictObject({ type: z.literal("installed") }),
  z.strictObject({ type: z.literal("stopped") }),
  z.strictObject({
    type: z.literal("failed"),
    code: z.enum(errorCodes),
    message: z.string(),
    /** for the log only */
    detail: z.string(),
  }),
]);
export type InstallMessage = z.output<typeof installMessageSchema>;
