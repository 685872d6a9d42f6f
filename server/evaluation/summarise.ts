import { frechetDistance } from "./frechetDistance.ts";
import { fitGaussian } from "./gaussian.ts";
import { inceptionScore } from "./inceptionScore.ts";
import { kernelDistance, type Sample } from "./kernelDistance.ts";
import type { Figures } from "./measure.ts";
import { bootstrap, bootstrapMean, type Estimate, jackknife, mean } from "./spread.ts";

/** All pictures of one scene in one row, one a seed, beside the render. Scenes are the independent units of every interval. */
export interface SceneFigures {
  readonly sceneId: string;
  readonly pictures: readonly Figures[];
  readonly render: Figures;
}

export interface RowSummary {
  readonly pictures: number;
  readonly fid: Estimate;
  readonly kid: Estimate;
  readonly inceptionScore: Estimate | undefined;
  readonly recognised: Estimate | undefined;
  readonly changedPixels: number;
  readonly leak: Estimate;
  /** undefined where no picture has its counterfactual */
  readonly causedLeak: Estimate | undefined;
  /** ΔE*ab across the edge, less the render's */
  readonly boundaryExcess: Estimate;
  /** part of the product's area, less the render's */
  readonly expansionExcess: Estimate;
  /** log₂, less the render's */
  readonly roughnessExcess: Estimate;
}

export function summarise(scenes: readonly SceneFigures[]): RowSummary {
  const pictures = scenes.flatMap((scene) => scene.pictures);
  const posteriors = pictures.flatMap((figures) => figures.posteriors ?? []);
  const perScene = (value: (figures: Figures, render: Figures) => number | undefined) =>
    bootstrapMean(scenes.flatMap((scene) => sceneMean(scene, value) ?? []));
  return {
    pictures: pictures.length,
    fid: jackknife(scenes, (some) => frechetDistance(fitGaussian(painted(some)), fitGaussian(rendered(some)))),
    kid: jackknife(scenes, (some) => kernelDistance(samples(some, painted), samples(some, rendered))),
    inceptionScore:
      posteriors.length === 0
        ? undefined
        : jackknife(scenes, (some) =>
            inceptionScore(some.flatMap((scene) => scene.pictures.flatMap((figures) => figures.posteriors ?? []))),
          ),
    recognised: posteriors.length === 0 ? undefined : perScene(({ recognised }) => recognised),
    changedPixels: pictures.reduce((sum, figures) => sum + figures.changedPixels, 0),
    leak: perScene(({ leak }) => leak),
    causedLeak: pictures.some(({ causedLeak }) => causedLeak !== undefined)
      ? perScene(({ causedLeak }) => causedLeak)
      : undefined,
    boundaryExcess: perScene(({ boundary }, render) => difference(boundary, render.boundary)),
    expansionExcess: perScene(({ expansion }, render) => expansion - render.expansion),
    roughnessExcess: perScene(({ roughness }, render) => difference(roughness, render.roughness)),
  };
}

/**
 * Mean leak of one row over that of another, on the scenes that both have; undefined where the other's is not clearly above 0, since
 * a part of nothing means nothing.
 */
export function leakRatio(row: readonly SceneFigures[], without: readonly SceneFigures[]): Estimate | undefined {
  const base = new Map(without.map((scene) => [scene.sceneId, sceneMean(scene, ({ leak }) => leak)]));
  const pairs = row.flatMap((scene) => {
    const [own, other] = [sceneMean(scene, ({ leak }) => leak), base.get(scene.sceneId)];
    return own === undefined || other === undefined ? [] : [{ own, other }];
  });
  if (!(bootstrapMean(pairs.map(({ other }) => other)).low > 0)) return undefined;
  return bootstrap(pairs, (some) => mean(some.map(({ own }) => own)) / mean(some.map(({ other }) => other)));
}

/** How much a figure of one row is above another's, scene by scene. */
export function pairedDifference(
  row: readonly SceneFigures[],
  other: readonly SceneFigures[],
  value: (figures: Figures) => number | undefined,
): Estimate {
  const base = new Map(other.map((scene) => [scene.sceneId, sceneMean(scene, value)]));
  return bootstrapMean(row.flatMap((scene) => difference(sceneMean(scene, value), base.get(scene.sceneId)) ?? []));
}

function sceneMean(
  { pictures, render }: SceneFigures,
  value: (figures: Figures, render: Figures) => number | undefined,
): number | undefined {
  const values = pictures.flatMap((figures) => value(figures, render) ?? []);
  return values.length === 0 ? undefined : mean(values);
}

function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

function samples(
  scenes: readonly SceneFigures[],
  featuresOf: (scenes: readonly SceneFigures[]) => readonly Float64Array[],
): readonly Sample[] {
  return scenes.flatMap((scene) => featuresOf([scene]).map((features) => ({ features, scene: scene.sceneId })));
}

function painted(scenes: readonly SceneFigures[]): readonly Float64Array[] {
  return scenes.flatMap(({ pictures }) => pictures.map(({ features }) => features));
}

function rendered(scenes: readonly SceneFigures[]): readonly Float64Array[] {
  return scenes.map(({ render }) => render.features);
}
