import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import type { ModelPackage } from "./modelPackage.ts";

/** Checks that every file of the package is there with its size: instant, so it happens whenever a model is opened. */
export async function checkFileSizes({ dir, name, files }: ModelPackage): Promise<void> {
  for (const { path, sizeBytes } of files) {
    const found = await stat(join(dir, path)).catch(() => undefined);
    if (found === undefined) throw corrupt(name, path, "is missing");
    if (found.size !== sizeBytes) {
      throw corrupt(name, path, `expected ${sizeBytes} bytes, got ${found.size}`);
    }
  }
}

/** Checks every file's size and sha256: reads everything, so only on request and after installing. */
export async function verifyPackage(modelPackage: ModelPackage, onFile?: (path: string) => void): Promise<void> {
  await checkFileSizes(modelPackage);
  const { dir, name, files } = modelPackage;
  for (const { path, sha256 } of files) {
    onFile?.(path);
    const hash = createHash("sha256");
    for await (const part of createReadStream(join(dir, path))) hash.update(part);
    const found = hash.digest("hex");
    if (found !== sha256) throw corrupt(name, path, `expected sha256 ${sha256}, got ${found}`);
  }
}

function corrupt(name: string, path: string, what: string): BackdropError {
  return new BackdropError(
    "model_corrupt",
    `model ${name}, ${path}: ${what}; install the model again or restore the file`,
  );
}
