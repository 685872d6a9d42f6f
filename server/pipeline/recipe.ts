import { version } from "../../shared/version.ts";
import type { DepthPackage } from "../checkpoint/modelPackage.ts";
import type { ProductProof } from "./compose.ts";
import type { DecidedJob } from "./job.ts";
import type { Model } from "./model.ts";
import type { Scene } from "./scene.ts";

/** What painted a picture, and where. */
export interface Painter {
  readonly model: Model;
  /** it estimated depth instead of the model */
  readonly depthHelper: DepthPackage | undefined;
  readonly scene: Scene;
  readonly seed: number;
}

/**
 * Everything needed to make a picture again, and the proof that its product is untouched. Nothing in it depends on when
 * or where it ran, so the same request gives the same bytes.
 */
export function createRecipe(job: DecidedJob, { model, depthHelper, scene, seed }: Painter, product: ProductProof) {
  const { precision } = model;
  const { name, sha256 } = model.package;
  return {
    schemaVersion: 1,
    backdrop: version,
    model: {
      name,
      sha256,
      ...(precision !== "fp32" && { precision }),
      ...(depthHelper && { depth: { name: depthHelper.name, sha256: depthHelper.sha256 } }),
    },
    settings: { ...job.settings, seed, variants: 1 },
    frame: scene.frame,
    placement: scene.placement,
    painted: scene.work,
    inputs: job.inputs,
    product,
  } as const;
}
export type Recipe = ReturnType<typeof createRecipe>;
