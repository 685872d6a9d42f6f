import type { Decided } from "../../shared/modelDefaults.ts";
import type { Settings } from "../../shared/settings.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { decodeLatents } from "./autoencoder.ts";
import { withoutProduct } from "./compose.ts";
import { isWithin } from "./interval.ts";
import { blendProduct, latentCount, latentDims } from "./latents.ts";
import type { Model } from "./model.ts";
import { blueNoise, type DrawNoise, noiseStream } from "./noise.ts";
import { predictNoise } from "./predictNoise.ts";
import type { PreparedPass } from "./preparedPass.ts";
import { createSampler } from "./samplers/sampler.ts";
import type { Stages } from "./stages.ts";

/** The product's latents are held in place for this part of the steps; the rest is free to settle its edges. */
const blendedPart = 0.8;

/** Called when a pass's `step` (from 1) is done, with the x₀ predicted there. */
export type Watch = (step: number, predictedClean: Float32Array) => Promise<void>;

/** One pass with one seed: the only denoising loop. Gives the painted ground without the product. */
export async function paint(
  model: Model,
  { pass, conditions, collage, held }: PreparedPass,
  settings: Decided<Settings> & { readonly seed: number },
  stages: Stages,
  watch: Watch,
): Promise<RgbaImage> {
  const { scene, strength, tile } = pass;
  const { guidance, depthScale, guidanceStart, guidanceEnd, controlStart, controlEnd } = settings;
  const white = noiseStream(settings.seed);
  const blue: DrawNoise = (count) => blueNoise(white(count), latentDims(scene.work));
  const draw = strength < 1 && model.package.layoutNoise === "blue" ? blue : white;
  const noise = draw(latentCount(scene.work));
  const sampler = createSampler(settings.sampler, model.package.scheduler, { steps: settings.steps, strength, draw });
  const { timesteps } = sampler;
  const steps = timesteps.length;
  // R9. At strength 1 the start is pure noise; below, the layout shines through.
  let latents = strength < 1 ? sampler.addNoise(collage, noise, timesteps[0] ?? 0) : noise;

  for (const [i, timestep] of timesteps.entries()) {
    const counts = {
      guidance: isWithin(guidanceStart, guidanceEnd, i, steps) ? guidance : 1,
      controlScale: isWithin(controlStart, controlEnd, i, steps) ? depthScale : 0,
    };
    const step = { latents, timestep, ...counts };
    const prediction = await stages.run("denoise", () => predictNoise(model, step, conditions));
    const { next, predictedClean } = sampler.step(prediction, i, latents);
    const nextTimestep = timesteps[i + 1];
    latents =
      nextTimestep !== undefined && i + 1 < blendedPart * steps
        ? blendProduct(next, sampler.addNoise(collage, noise, nextTimestep), held)
        : next;
    await watch(i + 1, predictedClean);
  }

  const painted = await stages.run("decode", () => decodeLatents(model, latents, scene.work, tile, stages.signal));
  return await stages.run("compose", () => withoutProduct(painted, scene.workProduct));
}
