import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { parseSettings } from "../../shared/settings.ts";
import { version } from "../../shared/version.ts";
import { generate } from "../pipeline/generate.ts";
import { decodeJob, type Job } from "../pipeline/job.ts";
import type { Model } from "../pipeline/model.ts";
import type { Reference } from "../pipeline/reference.ts";
import { type HeldOutScene, type Split, splits } from "./heldOut.ts";
import type { Row } from "./rows.ts";
import { jobFilesOf } from "./task.ts";

/** How the reference's product is given, which D hides: as it is, or with its colours in negative. */
export type Hidden = "asIs" | "negative";

/** One picture to paint: a scene, a row of the table, a seed. */
export interface Cell {
  readonly scene: HeldOutScene;
  readonly row: Row;
  readonly seed: number;
  readonly hidden: Hidden;
  /** relative to the evaluation's folder */
  readonly file: string;
}

/** Scene by scene, so that whatever is finished compares all rows on the same scenes. */
export function planCells(
  scenes: readonly HeldOutScene[],
  rows: readonly Row[],
  seeds: readonly number[],
): readonly Cell[] {
  return scenes.flatMap((scene) =>
    rows.flatMap((row) =>
      seeds.flatMap((seed) => [
        cellOf(scene, row, seed, "asIs"),
        ...(row.counterfactual ? [cellOf(scene, row, seed, "negative")] : []),
      ]),
    ),
  );
}

export function cellOf(scene: HeldOutScene, row: Row, seed: number, hidden: Hidden): Cell {
  const folder = { asIs: "pictures", negative: "counterfactuals" }[hidden];
  return { scene, row, seed, hidden, file: join(folder, row.name, `${scene.id}-${seed}.png`) };
}

/** Everything that all pictures of one folder share. Two folders with the same pictures have the same plan. */
export const planSchema = z.strictObject({
  schemaVersion: z.literal(2),
  backdrop: z.string(),
  model: z.strictObject({ name: z.string(), sha256: z.string() }),
  split: z.enum(splits),
  steps: z.int(),
  guidance: z.number().optional(),
  strength: z.number().optional(),
  enlarge: z.int(),
});
export type Plan = z.output<typeof planSchema>;

/** What the command line may set for all rows alike; the rest is the model's own. */
export interface SharedSettings {
  readonly split: Split;
  readonly steps?: number | undefined;
  readonly guidance?: number | undefined;
  readonly strength?: number | undefined;
  /** how many times a render's sides the frames have that are painted */
  readonly enlarge: number;
}

export function planOf(model: Model, settings: SharedSettings): Plan {
  const { name, sha256, steps } = model.package;
  return { schemaVersion: 2, backdrop: version, model: { name, sha256 }, ...settings, steps: settings.steps ?? steps };
}

/** Refuses to go on in a folder whose pictures were painted otherwise: figures of two models must never mix. */
export async function requireSamePlan(dir: string, plan: Plan): Promise<void> {
  const path = join(dir, planFile);
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined || text === planText(plan)) return;
  throw new BackdropError(
    "invalid_params",
    `out: ${path} belongs to another evaluation (other model, split, steps, guidance, strength, size or version); choose another folder`,
  );
}

export const planFile = "plan.json";

export function planText(plan: Plan): string {
  return `${JSON.stringify(planSchema.parse(plan), null, 2)}\n`;
}

/** The result of one cell: a PNG whose text chunk holds its recipe. */
export async function paintCell(
  model: Model,
  { scene, row, seed, hidden }: Cell,
  plan: Plan,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const settings = parseSettings({
    prompt: row.withPrompt ? scene.caption : "",
    fusion: row.fusion,
    visibility: row.visibility,
    steps: plan.steps,
    guidance: plan.guidance,
    strength: plan.strength,
  });
  const job = await decodeJob(await jobFilesOf(scene), { ...settings, seed });
  const reference = hidden === "negative" ? hiddenInNegative(job.reference) : job.reference;
  const { variants } = await generate(model, enlarged({ ...job, reference }, plan.enlarge), { signal });
  const [variant] = variants;
  if (variant === undefined) throw new Error(`paintCell: ${scene.id} gave no picture`);
  return variant.result;
}

/** The same reference, the colours of what D drops turned to their opposites. */
function hiddenInNegative({ image, mask }: Reference): Reference {
  const data = image.data.map((value, i) => ((i & 3) < 3 && mask.data[i >> 2] === 0 ? 255 - value : value));
  return { image: { ...image, data }, mask };
}

/** The same request for a frame, filled by the product's picture, whose sides are `factor` times as long. */
function enlarged(job: Job, factor: number): Job {
  const frame = { width: factor * job.product.width, height: factor * job.product.height };
  return { ...job, settings: { ...job.settings, ...frame, placement: { x: 0, y: 0, ...frame } } };
}
