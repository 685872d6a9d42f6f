import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { findWrongFile } from "../files/wrongFile.ts";
import type { ModelPackage } from "./modelPackage.ts";

/** What is checked of a package, a model's or a helper's. */
export type FilesOfPackage = Pick<ModelPackage, "dir" | "name" | "files">;

/** Checks that every file of the package is there with its size, which happens whenever a model is opened. */
export async function checkFileSizes({ dir, name, files }: FilesOfPackage): Promise<void> {
  const wrong = await findWrongFile(dir, files);
  if (wrong === undefined) return;
  const { path, sizeBytes, foundBytes } = wrong;
  const what = foundBytes === undefined ? "is missing" : `expected ${sizeBytes} bytes, got ${foundBytes}`;
  throw corrupt(name, path, what);
}

/** Checks every file's size and sha256: reads everything, so only on request. Rejects with the signal's reason when it is aborted. */
export async function verifyPackage(modelPackage: FilesOfPackage, signal?: AbortSignal): Promise<void> {
  await checkFileSizes(modelPackage);
  const { dir, name, files } = modelPackage;
  for (const { path, sha256 } of files) {
    const found = await sha256Of(join(dir, path), signal).catch(() => {
      signal?.throwIfAborted();
      throw corrupt(name, path, "cannot be read");
    });
    if (found !== sha256) throw corrupt(name, path, `expected sha256 ${sha256}, got ${found}`);
  }
}

async function sha256Of(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path, signal ? { signal } : {})) hash.update(part);
  return hash.digest("hex");
}

function corrupt(name: string, path: string, what: string): BackdropError {
  return new BackdropError(
    "model_corrupt",
    `model ${name}, ${path}: ${what}; install the model again or restore the file`,
  );
}
