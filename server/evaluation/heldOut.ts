import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";

/** `test`: held out, for figures. `train`: seen in training, for choosing settings, so that no figure is tuned on what it measures. */
export const splits = ["test", "train"] as const;
export type Split = (typeof splits)[number];

/** One line of the renderer's scenes-*.jsonl (training/render/README.md), as far as it matters here. */
const recordSchema = z.object({
  id: z.string().regex(/^\d{5,9}$/),
  group: z.int().nonnegative(),
  split: z.enum(splits),
  family: z.string().min(1),
  captions: z.array(z.string().min(1)).min(1),
});
type SceneRecord = z.output<typeof recordSchema>;

/** One task: the product of a held-out render, and another picture of the same style group to follow. */
export interface HeldOutScene {
  readonly id: string;
  readonly family: string;
  readonly caption: string;
  readonly picture: string;
  readonly mask: string;
  readonly referenceId: string;
  readonly reference: string;
  readonly referenceMask: string;
}

/**
 * The held-out scenes of a folder of renders. One scene of every style group comes first, then the second ones, so that
 * as long as `count` allows, no two scenes share a style. Groups alternate between families.
 */
export async function readHeldOut(dir: string, count: number, split: Split = "test"): Promise<readonly HeldOutScene[]> {
  const groups = groupsOf(await readRecords(dir, split), ({ group }) => String(group)).filter(
    (records) => records.length > 1,
  );
  if (groups.length === 0) {
    throw new BackdropError(
      "invalid_params",
      `data: expected scenes in ${dir} (scenes-*.jsonl with "split":"${split}", two pictures of a style group or more), ` +
        "got none; render them with training/render",
    );
  }
  const ordered = alternate(groups, (records) => records[0]?.family ?? "");
  const largest = Math.max(...ordered.map((records) => records.length));
  const scenes = Array.from({ length: largest }, (_, nth) =>
    ordered.flatMap((records) => {
      const [target, reference] = [records[nth], records[(nth + 1) % records.length]];
      return target && reference ? [sceneOf(dir, target, reference)] : [];
    }),
  ).flat();
  const chosen = scenes.slice(0, count);
  for (const scene of chosen) await requireFiles(scene);
  return chosen;
}

async function readRecords(dir: string, split: Split): Promise<readonly SceneRecord[]> {
  const names = await readdir(dir).catch((cause: unknown) => {
    throw new BackdropError("invalid_params", `data: ${dir} cannot be read; give a folder of rendered scenes`, {
      cause,
    });
  });
  const lists = names.filter((name) => /^scenes-.*\.jsonl$/.test(name)).sort();
  const records = new Map<string, SceneRecord>();
  for (const name of lists) {
    const lines = (await readFile(join(dir, name), "utf8")).split("\n");
    for (const [i, line] of lines.entries()) {
      if (line === "") continue;
      const record = parseRecord(line, `data: ${join(dir, name)}, line ${i + 1}`);
      if (record.split === split) records.set(record.id, record);
    }
  }
  return [...records.values()].sort((a, b) => a.id.localeCompare(b.id));
}

function parseRecord(line: string, where: string): SceneRecord {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new BackdropError("invalid_params", `${where}: expected a JSON object, got other text; render it again`, {
      cause,
    });
  }
  const parsed = recordSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the line"}: ${message}`);
  throw new BackdropError("invalid_params", `${where}: ${details.join("; ")}; render it again`);
}

function sceneOf(dir: string, target: SceneRecord, reference: SceneRecord): HeldOutScene {
  return {
    id: target.id,
    family: target.family,
    caption: target.captions[0] ?? "",
    picture: join(dir, `${target.id}.png`),
    mask: join(dir, `${target.id}.mask.png`),
    referenceId: reference.id,
    reference: join(dir, `${reference.id}.png`),
    referenceMask: join(dir, `${reference.id}.mask.png`),
  };
}

async function requireFiles(scene: HeldOutScene): Promise<void> {
  for (const path of [scene.picture, scene.mask, scene.reference, scene.referenceMask]) {
    await stat(path).catch((cause: unknown) => {
      throw new BackdropError("image_missing", `data: ${path} cannot be read; render scene ${scene.id} again`, {
        cause,
      });
    });
  }
}

/** One of each kind in turn. */
function alternate<Item>(items: readonly Item[], kindOf: (item: Item) => string): readonly Item[] {
  const kinds = groupsOf(items, kindOf);
  const longest = Math.max(...kinds.map((members) => members.length));
  return Array.from({ length: longest }, (_, nth) =>
    kinds.flatMap((members) => {
      const item = members[nth];
      return item === undefined ? [] : [item];
    }),
  ).flat();
}

/** In the order of their first members. */
function groupsOf<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}
