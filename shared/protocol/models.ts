import { z } from "zod";
import { modelDefaultsSchema } from "../modelDefaults.ts";
import { modelNameSchema } from "./fields.ts";

/** An installed model, as `welcome` announces it. */
export const modelInfoSchema = z.strictObject({
  name: modelNameSchema,
  /** for people */
  title: z.string(),
  /** what it is good for; null: it does not say */
  purpose: z.string().nullable(),
  /** px of what it paints, without and with a layout to start from, and what both sides are multiples of (`paintedSize`) */
  pixelArea: z.int().min(1),
  layoutPixelArea: z.int().min(1),
  sideMultiple: z.int().min(1),
  /** whether a picture from noise is painted once more, as finely as one from a layout */
  refines: z.boolean(),
  /** how much of a prompt it reads */
  promptTokens: z.int().min(1),
  /** patches a side of the square that the reference is read as; a patch is shown or hidden whole */
  patchGrid: z.int().min(1).max(1024),
  /** what the model takes where the settings leave it out */
  defaults: modelDefaultsSchema,
});
export type ModelInfo = z.output<typeof modelInfoSchema>;
