import type { Decided } from "../../shared/modelDefaults.ts";
import type { Settings } from "../../shared/settings.ts";
import type { VaeTile } from "../checkpoint/graphRequest.ts";
import { vaeTile } from "./autoencoder.ts";
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
  /** px of the tiles that the autoencoder works in, where it does */
  readonly tile: VaeTile | undefined;
}

/** The ways that a job goes: one, and where it starts from noise and the package has a `refineStrength`, a second over what the first has painted. */
export interface Passes {
  readonly first: Pass;
  readonly refining: Pass | undefined;
  readonly preparation: Preparation;
}

/** Both are laid out and loaded before anything is painted, so that what does not fit is refused at once. */
export async function planPasses(
  model: Model,
  job: Job,
  settings: Decided<Settings>,
  wants: { readonly previews: boolean },
  stages: Stages,
): Promise<Passes> {
  // A reference of which nothing is kept has no layout to start from.
  const hasLayout = settings.strength < 1 && keepsAnything(job.reference, frameOf(job));
  const layOut = async (strength: number) => ({
    scene: await stages.run("layout", () => layOutScene(job, model.package, strength < 1)),
    strength,
    steps: stepCount(model, settings, strength),
  });
  const first = await layOut(hasLayout ? settings.strength : 1);
  const again = hasLayout ? undefined : model.package.refineStrength;
  const refining = again === undefined ? undefined : await layOut(again);
  const works = (refining ? [first, refining] : [first]).map(({ scene }) => scene.work);
  const preparation = await stages.run("load", () => model.prepare(works, first.scene.frame, wants));
  const tileOf = ({ work }: Scene) => preparation.tiled && vaeTile(work, preparation.tiled.statistics);
  return {
    first: { ...first, tile: tileOf(first.scene) },
    refining: refining && { ...refining, tile: tileOf(refining.scene) },
    preparation,
  };
}

function stepCount(model: Model, { sampler, steps }: Decided<Settings>, strength: number): number {
  const draw = (count: number) => new Float32Array(count);
  return createSampler(sampler, model.package.scheduler, { steps, strength, draw }).timesteps.length;
}
