import type { Provider, TargetChoice } from "../../shared/providers.ts";
import { latentDims } from "../pipeline/latents.ts";
import type { Model } from "../pipeline/model.ts";
import { type FloatTensor, floats, type NamedTensors } from "../runtime/tensor.ts";
import { openModel } from "./openModel.ts";

/** How a provider's prediction compares with the CPU's. */
export interface ProviderCheck {
  /** ‖difference‖ / ‖the CPU's prediction‖ */
  readonly error: number;
  readonly stepMs: number;
  readonly cpuStepMs: number;
}

const model = "mini";
const work = { width: 256, height: 256 };

/** One step of the embedded model on a provider and on the CPU. Rejects where the provider cannot run it here. */
export async function checkProvider(target: TargetChoice & { readonly provider: Provider }): Promise<ProviderCheck> {
  const found = await measure(target);
  const exact = await measure({ provider: "cpu", precision: "fp32" });
  const difference = found.prediction.data.map((value, i) => value - (exact.prediction.data[i] ?? 0));
  return {
    error: norm(difference) / norm(exact.prediction.data),
    stepMs: found.stepMs,
    cpuStepMs: exact.stepMs,
  };
}

async function measure(target: TargetChoice): Promise<{ readonly prediction: FloatTensor; readonly stepMs: number }> {
  const opened = await openModel(model, target);
  try {
    // The first run also makes what the later ones use.
    await predict(opened);
    const beginMs = performance.now();
    const prediction = await predict(opened);
    return { prediction, stepMs: performance.now() - beginMs };
  } finally {
    await opened.dispose();
  }
}

async function predict(opened: Model): Promise<FloatTensor> {
  const { noise_prediction: prediction } = await opened.run({ graph: "denoiser", ...work }, stepInputs);
  if (prediction === undefined || !(prediction.data instanceof Float32Array)) throw new Error("no prediction");
  return { data: prediction.data, dims: prediction.dims };
}

/** Waves, so that every number counts. */
function waves(...dims: readonly number[]): FloatTensor {
  const count = dims.reduce((n, dim) => n * dim, 1);
  return floats(
    Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
    dims,
  );
}

const [, channels, height, width] = latentDims(work);
const stepInputs: NamedTensors = {
  sample: waves(1, channels, height, width),
  timestep: floats(Float32Array.of(500), [1]),
  encoder_hidden_states: waves(1, 40, 128),
  image_tokens: waves(1, 16, 128),
  query_mask: waves(1, 1, height, width),
  fusion: floats(Float32Array.of(1, 0, 0), [3]),
  image_scale: floats(Float32Array.of(1), [1]),
  control_embedding: waves(1, 64, height, width),
  control_scale: floats(Float32Array.of(1), [1]),
};

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
