import { readFile } from "node:fs/promises";
import { z } from "zod";
import {
  operatorKinds,
  operatorsOf,
  type Provider,
  precisions,
  providers,
  type TargetChoice,
} from "../../shared/providers.ts";
import { version } from "../../shared/version.ts";
import { writeDurably } from "../home/durableFile.ts";
import { findHome } from "../home/paths.ts";
import { runtimeVersion } from "../runtime/providers.ts";
import { chosenGpu, readGpus } from "./deviceMemory.ts";

/** The operators that were the fastest right ones of a provider, and where that was so. */
const measurementSchema = z.strictObject({
  provider: z.enum(providers).exclude(["auto"]),
  precision: z.enum(precisions),
  operators: z.enum(operatorKinds),
  /** the version that wrote the graphs */
  backdrop: z.string(),
  onnxruntime: z.string(),
  /** null: of other makers than NVIDIA, nobody can tell from here */
  gpu: z.string().nullable(),
});
type Measurement = z.output<typeof measurementSchema>;

const fileSchema = z.strictObject({ schemaVersion: z.literal(1), measurements: z.array(measurementSchema) });

/** What is asked for, with the operators that `doctor` found best for it where nothing that tells has changed since. */
export async function measuredTarget(choice: TargetChoice): Promise<TargetChoice> {
  const found = (await readMeasurements()).find(
    (m) => m.provider === choice.provider && m.precision === choice.precision,
  );
  if (found === undefined || !operatorsOf[found.provider].includes(found.operators)) return choice;
  const now = await circumstances(found.provider);
  const isSame = found.backdrop === now.backdrop && found.onnxruntime === now.onnxruntime && found.gpu === now.gpu;
  return isSame ? { ...choice, operators: found.operators } : choice;
}

/** Remembers what was found of a provider, in the place of what was before. */
export async function rememberOperators(
  provider: Provider,
  found: readonly Pick<Measurement, "precision" | "operators">[],
): Promise<void> {
  const others = (await readMeasurements()).filter((measurement) => measurement.provider !== provider);
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
  return { backdrop: version, onnxruntime: runtimeVersion, gpu };
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
