import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { decodeImage } from "../image/decode.ts";
import type { Model } from "../pipeline/model.ts";
import { type Cell, cellOf, type Plan } from "./cells.ts";
import { readFamilyProbe } from "./familyProbe.ts";
import type { HeldOutScene } from "./heldOut.ts";
import { type Figures, measure, type Painted, readTruth, type Truth } from "./measure.ts";
import { createReport, type MeasuredRow, type Report } from "./report.ts";
import type { Row } from "./rows.ts";
import type { SceneFigures } from "./summarise.ts";

/** Products of this many other scenes stand for those that a reference never showed. */
const otherProducts = 16;

export interface Evaluation {
  readonly scenes: readonly HeldOutScene[];
  readonly rows: readonly Row[];
  readonly seeds: readonly number[];
  readonly plan: Plan;
  readonly out: string;
}

/** Measures every painted picture of an evaluation, scene by scene beside its render. */
export async function measureAll(model: Model, evaluation: Evaluation, signal: AbortSignal): Promise<Report> {
  const { scenes, rows, seeds, plan, out } = evaluation;
  const probe = await readFamilyProbe(model.package);
  const truths: Truth[] = [];
  for (const scene of scenes) truths.push(await readTruth(scene));
  const othersOf = (index: number) =>
    Array.from(
      { length: Math.min(otherProducts, truths.length - 1) },
      (_, i) => truths[(index + i + 1) % truths.length],
    ).flatMap((truth) => truth ?? []);
  const read = async ({ file }: Cell) => await decodeImage(await readFile(join(out, file)), file);
  const figuresOf = async (painted: Painted, index: number, truth: Truth): Promise<Figures> => {
    await nextTurn(); // so that a signal is noticed
    signal.throwIfAborted();
    return await measure(model, probe, painted, truth, othersOf(index));
  };

  const renders: Figures[] = [];
  for (const [i, truth] of truths.entries()) renders.push(await figuresOf({ picture: truth.target.image }, i, truth));
  const references: SceneFigures[] = [];
  const measured: MeasuredRow[] = [];
  for (const row of rows) {
    const figures: SceneFigures[] = [];
    for (const [i, truth] of truths.entries()) {
      const pictures: Figures[] = [];
      for (const seed of seeds) {
        const picture = await read(cellOf(truth.scene, row, seed, "asIs"));
        const counterfactual = row.counterfactual ? await read(cellOf(truth.scene, row, seed, "negative")) : undefined;
        pictures.push(await figuresOf({ picture, counterfactual }, i, truth));
      }
      figures.push(sceneFigures(truth, pictures, renders[i]));
    }
    measured.push({ row, scenes: figures });
  }
  for (const [i, truth] of truths.entries()) {
    const { features, posteriors, recognised } = await figuresOf({ picture: truth.referenceImage }, i, truth);
    // Another product stands elsewhere in it: of the rest nothing is comparable.
    const comparable = {
      features,
      posteriors,
      recognised,
      changedPixels: 0,
      leak: undefined,
      causedLeak: undefined,
      boundary: undefined,
      expansion: Number.NaN,
      roughness: undefined,
    };
    references.push(sceneFigures(truth, [comparable], renders[i]));
  }
  return createReport({ plan, seeds, probe, measured, references });
}

function sceneFigures({ scene }: Truth, pictures: readonly Figures[], render: Figures | undefined): SceneFigures {
  if (render === undefined) throw new Error(`measureAll: ${scene.id} has no render`);
  return { sceneId: scene.id, pictures, render };
}
