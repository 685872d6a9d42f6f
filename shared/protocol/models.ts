import { z } from "zod";
import { fusions } from "../settings.ts";
import { modelNameSchema } from "./fields.ts";

/** An installed model, as `welcome` announces it. */
export const modelInfoSchema = z.strictObject({
  name: modelNameSchema,
  /** for people */
  title: z.string(),
  /** patches a side of the square that the reference is read as; a patch is shown or hidden whole */
  patchGrid: z.int().min(1).max(1024),
  /** what the model takes where the settings leave it out */
  defaults: z.strictObject({ fusion: z.enum(fusions), strength: z.number().positive().max(1) }),
});
export type ModelInfo = z.output<typeof modelInfoSchema>;
