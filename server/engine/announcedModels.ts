import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { modelDefaultsSchema } from "../../shared/modelDefaults.ts";
import { type ModelInfo, modelInfoSchema } from "../../shared/protocol/models.ts";
import { packageFolders } from "../files/packageFolders.ts";
import type { Log } from "../log/log.ts";
import { modelsDirs } from "./packages.ts";

/** Of `backdrop.json`, what clients are told. The engine reads and checks all of it when it opens the model. */
const describedSchema = z.object({
  title: z.string(),
  purpose: z.string().optional(),
  pixelArea: z.int(),
  layoutPixelArea: z.int().optional(),
  sideMultiple: z.int(),
  refineStrength: z.number().optional(),
  text: z.object({ maxTokens: z.int() }),
  vision: z.object({ imageSize: z.int().positive(), patchSize: z.int().positive() }),
  ...modelDefaultsSchema.shape,
});

/** The installed models as clients see them. One whose description cannot be read is left out, and the log says so. */
export async function announcedModels(log: Log, dirs = modelsDirs()): Promise<readonly ModelInfo[]> {
  const models: ModelInfo[] = [];
  for (const { name, dir } of await packageFolders(dirs, "backdrop.json")) {
    try {
      models.push(await readModelInfo(name, join(dir, "backdrop.json")));
    } catch (error) {
      log.error({ model: name, err: error }, "a model is left out: its backdrop.json cannot be used; install it again");
    }
  }
  return models;
}

async function readModelInfo(name: string, file: string): Promise<ModelInfo> {
  const described = describedSchema.parse(JSON.parse(await readFile(file, "utf8")));
  const { title, purpose, pixelArea, layoutPixelArea, sideMultiple, refineStrength, text, vision, ...defaults } =
    described;
  return modelInfoSchema.parse({
    name,
    title,
    purpose: purpose ?? null,
    pixelArea,
    layoutPixelArea: layoutPixelArea ?? pixelArea,
    sideMultiple,
    refines: refineStrength !== undefined,
    promptTokens: text.maxTokens,
    patchGrid: vision.imageSize / vision.patchSize,
    defaults,
  });
}
