import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type FinishedVariant, finishedVariantSchema, type Output } from "../../shared/protocol/jobs.ts";
import { writeDurably } from "../home/durableFile.ts";

export interface VariantFile extends Pick<Output, "role" | "name"> {
  readonly bytes: Uint8Array;
}

/**
 * Writes the files of a variant, and last its record: a variant without one was never finished. So all that a record lists is whole, and
 * whoever starts next, an engine or a server, knows what need not be painted again.
 */
export async function writeVariant(
  dir: string,
  { variant, seed, productPixelsChanged }: Omit<FinishedVariant, "outputs">,
  files: readonly VariantFile[],
): Promise<FinishedVariant> {
  const outputs: Output[] = [];
  for (const { role, name, bytes } of files) {
    await writeDurably(join(dir, name), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    outputs.push({ name, role, variant, sizeBytes: bytes.length, sha256 });
  }
  const finished = { variant, seed, outputs, productPixelsChanged };
  await writeDurably(recordOf(dir, variant), `${JSON.stringify(finished, null, 2)}\n`);
  return finished;
}

/** The finished variants of a job, in order: they are painted one after the other. */
export async function readVariants(dir: string): Promise<readonly FinishedVariant[]> {
  const finished: FinishedVariant[] = [];
  for (;;) {
    const next = await readVariant(recordOf(dir, finished.length + 1));
    if (next === undefined) return finished;
    finished.push(next);
  }
}

function recordOf(dir: string, variant: number): string {
  return join(dir, `variant-${variant}.json`);
}

async function readVariant(path: string): Promise<FinishedVariant | undefined> {
  try {
    return finishedVariantSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
