import { toBackdropError } from "../../shared/errors.ts";
import { type PackageDescription, readModelPackage } from "../checkpoint/modelPackage.ts";
import { checkFileSizes, type FilesOfPackage } from "../checkpoint/verifyPackage.ts";
import { findPackage } from "../engine/packages.ts";

export type ModelState =
  | {
      readonly state: "ready";
      readonly name: string;
      readonly title: string;
      readonly licence: string;
      readonly sizeBytes: number;
    }
  | { readonly state: "broken"; readonly name: string; readonly problem: string };

/** Whether a model's files are all there with their sizes. */
export async function modelState(name: string): Promise<ModelState> {
  try {
    return await packageState(await readModelPackage(await findPackage(name)));
  } catch (error) {
    return { state: "broken", name, problem: toBackdropError(error).message };
  }
}

/** The same of a package, a model's or a helper's, whose description is read already. */
export async function packageState(
  described: FilesOfPackage & Pick<PackageDescription, "title" | "licence">,
): Promise<ModelState> {
  const { name, title, licence, files } = described;
  try {
    await checkFileSizes(described);
    return { state: "ready", name, title, licence, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) };
  } catch (error) {
    return { state: "broken", name, problem: toBackdropError(error).message };
  }
}
