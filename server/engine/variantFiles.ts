import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type FinishedVariant, finishedVariantSchema, type Output } from "../../shared/protocol/jobs.ts";
import { writeDurably } from "../home/durableFile.ts";

const recordSchema = z.strictObject({
  ...finishedVariantSchema.shape,
  /** what painted it: equal painters paint equal pictures */
  paintedBy: z.record(z.string(), z.string()),
});
export type PaintedBy = z.output<typeof recordSchema>["paintedBy"];

export interface KeptVariant {
  readonly finished: FinishedVariant;
  readonly paintedBy: PaintedBy;
}

export interface VariantFile extends Pick<Output, "role" | "name"> {
  readonly bytes: Uint8Array;
}

/**
 * Writes the files of a variant, and last its record: a variant without one was never finished. So all that a record lists is whole, and
 * whoever starts next, an engine or a server, knows what need not be painted again.
 */
export async function writeVariant(
  dir: string,
  paintedBy: PaintedBy,
  { variant, seed, productPixelsChanged }: Omit<FinishedVariant, "outputs">,
  files: readonly VariantFile[],
): Promise<FinishedVariant> {
  const outputs: Output[] = [];
  // One that another painter made: its files are replaced now.
  await rm(recordOf(dir, variant), { force: true });
  for (const { role, name, bytes } of files) {
    await writeDurably(join(dir, name), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    outputs.push({ name, role, variant, sizeBytes: bytes.length, sha256 });
  }
  const finished = { variant, seed, outputs, productPixelsChanged };
  await writeDurably(recordOf(dir, variant), `${JSON.stringify({ ...finished, paintedBy }, null, 2)}\n`);
  return finished;
}

/** The finished variants of a job, in order: they are painted one after the other, each with the next seed. */
export async function readVariants(
  dir: string,
  { seed, variants }: { readonly seed: number; readonly variants: number },
): Promise<readonly KeptVariant[]> {
  const kept: KeptVariant[] = [];
  for (let variant = 1; variant <= variants; variant++) {
    const next = await readVariant(recordOf(dir, variant));
    if (next?.finished.variant !== variant || next.finished.seed !== (seed + variant - 1) >>> 0) break;
    kept.push(next);
  }
  return kept;
}

/** From then on, nothing in the folder is a finished variant. */
export async function removeRecords(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (/^variant-\d+\.json$/.test(name)) await rm(join(dir, name), { force: true });
}

function recordOf(dir: string, variant: number): string {
  return join(dir, `variant-${variant}.json`);
}

async function readVariant(path: string): Promise<KeptVariant | undefined> {
  try {
    const { paintedBy, ...finished } = recordSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return { finished, paintedBy };
  } catch {
    return undefined;
  }
}
