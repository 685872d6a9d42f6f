import type { Decided } from "../../shared/modelDefaults.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Job } from "./job.ts";
import type { Model, Preparation } from "./model.ts";
import { keepsAnything } from "./reference.ts";
import { createSampler } from "./samplers/sampler.ts";
import { frameOf, layOutScene, type Scene } from "./scene.ts";
import type { Stages } from "./stages.ts";

/** One way from noise to a picture. */
export interface Pass {
  readonly scene: Scene;
  /** 1 starts from pure noise; below, from a layout: the reference, or what the pass before has painted */
  readonly strength: number;
  readonly steps: number;
  readonly preparation: Preparation;
}

/**
 * The ways that a job goes: one, and where it starts from noise and the package has a `refineStrength`, a second over what the first has painted. All
 * are prepared before anything is painted, so that what does not fit is refused at once.
 */
export async function planPasses(
  model: Model,
  job: Job,
  settings: Decided<Settings>,
  wants: { readonly previews: boolean },
  stages: Stages,
): Promise<readonly [Pass, ...Pass[]]> {
  const { refineStrength } = model.package;
  const plan = async (strength: number): Promise<Pass> => {
    const scene = await stages.run("layout", () => layOutScene(job, model.package, strength < 1));
    const preparation = await stages.run("load", () => model.prepare(scene.work, scene.frame, wants));
    return { scene, strength, steps: stepCount(model, settings, strength), preparation };
  };
  // A reference of which nothing is kept has no layout to start from.
  if (settings.strength < 1 && keepsAnything(job.reference, frameOf(job))) return [await plan(settings.strength)];
  const first = await plan(1);
  return refineStrength === undefined ? [first] : [first, await plan(refineStrength)];
}

function stepCount(model: Model, { sampler, steps }: Decided<Settings>, strength: number): number {
  const draw = (count: number) => new Float32Array(count);
  return createSampler(sampler, model.package.scheduler, { steps, strength, draw }).timesteps.length;
}
