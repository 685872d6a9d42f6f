import { readFile } from "node:fs/promises";
import { z } from "zod";
import {
  type Operators,
  operatorKinds,
  operatorsOf,
  type Provider,
  precisions,
  providers,
  type TargetChoice,
} from "../../shared/providers.ts";
import { compilerHash } from "../checkpoint/compile.ts";
import { writeDurably } from "../home/durableFile.ts";
import { findHome } from "../home/paths.ts";
import { runtimeVersion } from "../runtime/providers.ts";
import { chosenGpu, readGpus } from "./deviceMemory.ts";
import type { Verdict } from "./fastestRight.ts";

/** The operators that were the fastest right ones of a provider, and where that was so. */
const measurementSchema = z.strictObject({
  provider: z.enum(providers).exclude(["auto"]),
  precision: z.enum(precisions),
  /** null: none is right */
  operators: z.enum(operatorKinds).nullable(),
  /** which wrote the graphs */
  compiler: z.string(),
  onnxruntime: z.string(),
  /** null: of other makers than NVIDIA, nobody can tell from here */
  gpu: z.string().nullable(),
});
type Measurement = z.output<typeof measurementSchema>;

const fileSchema = z.strictObject({ schemaVersion: z.literal(1), measurements: z.array(measurementSchema) });

interface MeasuredTarget extends Omit<TargetChoice, "operators"> {
  /** null: none is right */
  readonly operators?: Operators | null | undefined;
  /** why what was measured is not followed */
  readonly warning?: string;
}

/** What is asked for, with the operators that `doctor` found best for it where nothing that tells has changed since. */
export async function measuredTarget(choice: TargetChoice): Promise<MeasuredTarget> {
  const found = (await readMeasurements()).find(
    (m) => m.provider === choice.provider && m.precision === choice.precision,
  );
  if (found === undefined) return choice;
  const { provider, precision, operators } = found;
  if (operators !== null && !operatorsOf[provider].includes(operators)) return choice;
  const now = await circumstances(provider);
  const untold = "not told by nvidia-smi";
  const changes = (["compiler", "onnxruntime", "gpu"] as const)
    .filter((what) => found[what] !== now[what])
    .map((what) => `${what} was ${found[what] ?? untold} and is ${now[what] ?? untold}`);
  if (changes.length === 0) return { ...choice, operators };
  const warning = `provider ${provider}: what doctor found in ${precision} is not followed, since ${changes.join(", ")}; run backdrop doctor again`;
  return { ...choice, warning };
}

/** Remembers what was found of a provider, in the place of what was before in the same precision. */
export async function rememberOperators(provider: Provider, found: readonly Verdict[]): Promise<void> {
  const others = (await readMeasurements()).filter(
    (m) => m.provider !== provider || found.every(({ precision }) => precision !== m.precision),
  );
  const now = await circumstances(provider);
  const measurements = [
    ...others,
    ...found.map(({ precision, operators }) => ({ provider, precision, operators, ...now })),
  ];
  const content: z.output<typeof fileSchema> = { schemaVersion: 1, measurements };
  await writeDurably(findHome().measurementsFile, `${JSON.stringify(content, null, 2)}\n`);
}

async function circumstances(provider: Provider) {
  const gpu = chosenGpu(await readGpus(), provider)?.name ?? null;
  return { compiler: compilerHash, onnxruntime: runtimeVersion, gpu };
}

/** None where there is no file, or one that is damaged or of another version: `doctor` measures again. */
async function readMeasurements(): Promise<readonly Measurement[]> {
  const text = await readFile(findHome().measurementsFile, "utf8").catch(() => "");
  try {
    return fileSchema.parse(JSON.parse(text)).measurements;
  } catch {
    return [];
  }
}
