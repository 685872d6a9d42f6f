import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import type { ProviderChoice } from "../../shared/providers.ts";
import { openModel } from "../engine/openModel.ts";
import {
  type Cell,
  type Plan,
  paintCell,
  planCells,
  planFile,
  planOf,
  planText,
  requireSamePlan,
} from "../evaluation/cells.ts";
import { readHeldOut, type Split } from "../evaluation/heldOut.ts";
import { measureAll } from "../evaluation/measureAll.ts";
import { reportText } from "../evaluation/report.ts";
import { chooseRows } from "../evaluation/rows.ts";
import type { Model } from "../pipeline/model.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { checkOutputFolder, writeOutputs } from "./outputs.ts";
import { requireProvider } from "./requireProvider.ts";
import { settingsFromOptions } from "./settingsFromOptions.ts";

export interface EvaluateOptions {
  readonly data?: string;
  readonly out?: string;
  readonly rows?: string;
  readonly count: string;
  readonly split: Split;
  readonly seeds: string;
  readonly steps?: string;
  readonly guidance?: string;
  readonly strength?: string;
  readonly enlarge: string;
  readonly model: string;
  readonly provider: ProviderChoice;
  readonly json?: true;
}

/** `backdrop eval`: paints what is not painted yet, then measures everything. Stopped at any time, it goes on where it was. */
export async function evaluateCommand(options: EvaluateOptions, io: Io): Promise<number> {
  const [data, out] = [required("data", options.data), required("out", options.out)];
  const rows = chooseRows(options.rows);
  const seeds = options.seeds.split(",").map((text) => wholeNumber("seeds", text.trim(), { min: 0, max: 0xffff_ffff }));
  const count = wholeNumber("count", options.count, { min: 2, max: 100_000 });
  const enlarge = wholeNumber("enlarge", options.enlarge, { min: 1, max: 8 });
  const { steps, guidance, strength } = settingsFromOptions(options);
  const scenes = await readHeldOut(data, count, options.split);
  await checkOutputFolder(out);
  const target = await requireProvider({ provider: options.provider, precision: "fp32" }, io);

  const model = await openModel(options.model, target);
  try {
    const plan = planOf(model, { split: options.split, steps, guidance, strength, enlarge });
    await requireSamePlan(out, plan);
    await writeOutputs(out, [{ name: planFile, content: planText(plan) }]);
    await paintAll(model, planCells(scenes, rows, seeds), plan, out, options, io);
    const report = await measureAll(model, { scenes, rows, seeds, plan, out }, io.signal);
    const text = reportText(report);
    await writeOutputs(out, [
      { name: "report.json", content: `${JSON.stringify(report, null, 2)}\n` },
      { name: "report.md", content: text },
    ]);
    if (options.json) printJson(io, { type: "done", files: [join(out, "report.md"), join(out, "report.json")] });
    else io.stdout(text);
    return exitCodes.done;
  } finally {
    await model.dispose();
  }
}

async function paintAll(
  model: Model,
  cells: readonly Cell[],
  plan: Plan,
  out: string,
  { json }: EvaluateOptions,
  io: Io,
): Promise<void> {
  for (const [i, cell] of cells.entries()) {
    io.signal.throwIfAborted();
    const path = join(out, cell.file);
    if (!(await isFile(path))) {
      const content = await paintCell(model, cell, plan, io.signal);
      await writeOutputs(dirname(path), [{ name: basename(path), content }]);
    }
    if (json) printJson(io, { type: "progress", picture: i + 1, pictures: cells.length });
    else if (io.isTerminal) io.stderr(`\r\x1b[Kpicture ${i + 1}/${cells.length}`);
  }
  if (!json && io.isTerminal) io.stderr("\r\x1b[K");
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new BackdropError("invalid_params", `${name}: expected a folder, got none; give --${name}`);
}

function wholeNumber(name: string, text: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new BackdropError(
    "invalid_params",
    `${name}: expected whole numbers ${min} to ${max}, got ${JSON.stringify(text.slice(0, 40))}`,
  );
}
