import { version } from "../../shared/version.ts";
import type { ProductProof } from "./compose.ts";
import type { DecidedJob } from "./job.ts";
import type { Model } from "./model.ts";
import type { Scene } from "./scene.ts";

/**
 * Everything needed to make a picture again, and the proof that its product is untouched. Nothing in it depends on when
 * or where it ran, so the same request gives the same bytes.
 */
export function createRecipe(
  job: DecidedJob,
  { package: model, precision }: Model,
  scene: Scene,
  seed: number,
  product: ProductProof,
) {
  return {
    schemaVersion: 1,
    backdrop: version,
    model: { name: model.name, sha256: model.sha256, ...(precision !== "fp32" && { precision }) },
    settings: { ...job.settings, seed, variants: 1 },
    frame: scene.frame,
    placement: scene.placement,
    painted: scene.work,
    inputs: job.inputs,
    product,
  } as const;
}
export type Recipe = ReturnType<typeof createRecipe>;
