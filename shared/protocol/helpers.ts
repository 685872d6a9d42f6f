import { z } from "zod";
import { modelNameSchema } from "./fields.ts";

/** What the small models beside the painting ones do. Nobody asks for `depth`: jobs use it. */
export const helperTasks = ["segment", "describe", "depth"] as const;
export type HelperTask = (typeof helperTasks)[number];

/** The installed helper of each task, as `welcome` announces it; null: none, and docs/protocol.md says what happens then. */
export const helpersSchema = z.strictObject({
  segment: modelNameSchema.nullable(),
  describe: modelNameSchema.nullable(),
  depth: modelNameSchema.nullable(),
});
export type Helpers = z.output<typeof helpersSchema>;

export const noHelpers: Helpers = { segment: null, describe: null, depth: null };

/** A click on a picture: parts of its width and height, from the top left corner. */
export const pointSchema = z.strictObject({
  x: z.number().min(0).max(1),
  y: z.number().min(0).max(1),
  /** whether the object is here; false: it is not */
  keep: z.boolean(),
});
export type Point = z.output<typeof pointSchema>;
