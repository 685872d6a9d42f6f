import { z } from "zod";
import { modelDefaultsSchema } from "../modelDefaults.ts";
import { modelNameSchema } from "./fields.ts";

/** An installed model, as `welcome` announces it. */
export const modelInfoSchema = z.strictObject({
  name: modelNameSchema,
  /** for people */
  title: z.string(),
  /** patches a side of the square that the reference is read as; a patch is shown or hidden whole */
  patchGrid: z.int().min(1).max(1024),
  /** what the model takes where the settings leave it out */
  defaults: modelDefaultsSchema,
});
export type ModelInfo = z.output<typeof modelInfoSchema>;
