import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeImage } from "../../server/image/decode.ts";
import type { RgbaImage } from "../../server/image/rgba.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob, type JobFiles, type NamedBytes } from "../../server/pipeline/job.ts";
import type { Model } from "../../server/pipeline/model.ts";
import { parseSettings, type SettingsInput } from "../../shared/settings.ts";

const samples = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "samples");

export async function sample(name: string): Promise<NamedBytes> {
  return { name, bytes: await readFile(join(samples, name)) };
}

/** Few steps on a small frame: enough for an input to show, in a second or two. */
export const quick = {
  prompt: "a wooden table in warm evening light",
  steps: 4,
  strength: 1,
  width: 256,
  height: 256,
  seed: 7,
} satisfies SettingsInput;

export async function background(model: Model, files: JobFiles, settings: SettingsInput): Promise<RgbaImage> {
  const parsed = parseSettings(settings);
  const job = await decodeJob(files, { ...parsed, seed: parsed.seed ?? 0 });
  const { variants } = await generate(model, job);
  const [first] = variants;
  if (!first) throw new Error("no variant came");
  return await decodeImage(first.background, "background.png");
}

/** Mean absolute difference of two pictures' colours, in levels of 255. */
export function difference(a: RgbaImage, b: RgbaImage): number {
  let total = 0;
  for (let i = 0; i < a.data.length; i++) total += Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 0));
  return total / (a.data.length * 0.75);
}
