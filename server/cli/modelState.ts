import { toBackdropError } from "../../shared/errors.ts";
import { readModelPackage } from "../checkpoint/modelPackage.ts";
import { checkFileSizes } from "../checkpoint/verifyPackage.ts";
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
    const modelPackage = await readModelPackage(await findPackage(name));
    await checkFileSizes(modelPackage);
    const { title, licence, files } = modelPackage;
    return { state: "ready", name, title, licence, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) };
  } catch (error) {
    return { state: "broken", name, problem: toBackdropError(error).message };
  }
}
