import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBackdropError } from "../../shared/errors.ts";
import type { Provider, Target } from "../../shared/providers.ts";
import { gateGraph, gateInput } from "../checkpoint/gateGraph.ts";
import { type GraphRequest, graphsForSize } from "../checkpoint/graphRequest.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { latentDims } from "../pipeline/latents.ts";
import { openSession } from "../runtime/session.ts";
import { type FloatTensor, floats, type NamedTensors } from "../runtime/tensor.ts";
import { type OpenModel, openModel } from "./openModel.ts";
import type { ProviderCheck, ProviderTry } from "./providerCheck.ts";

const size = { width: 256, height: 256 };
/** Enough to see whether anything runs. */
const smallSize = { width: 64, height: 64 };
const textTokens = 40;
const imageTokens = 16;
const tokenWidth = 128;
const controlWidth = 64;

/**
 * Runs every graph of the embedded model on a provider, and the gate that only wider ones have, in float32 and, where that works, in
 * float16, beside the CPU.
 */
export async function checkProvider(provider: Provider): Promise<readonly ProviderCheck[]> {
  const exact = await runAll({ provider: "cpu", precision: "fp32" });
  const checks: ProviderCheck[] = [];
  for (const precision of ["fp32", "fp16"] as const) {
    try {
      const found = await runAll({ provider, precision });
      const error = Math.max(...found.outputs.map((output, i) => distance(output, exact.outputs[i] ?? [])));
      checks.push({ type: "runs", precision, error, stepMs: found.stepMs, cpuStepMs: exact.stepMs });
    } catch (thrown) {
      checks.push({ type: "fails", precision, message: toBackdropError(thrown).message });
      break;
    }
  }
  return checks;
}

/** Runs the denoiser of the embedded model, small: the graph that has what providers lack, in the precision that is asked for. */
export async function tryProvider(target: Target): Promise<ProviderTry> {
  try {
    const model = await openModel("mini", target);
    try {
      await run(model, { graph: "denoiser", ...smallSize });
      return { type: "runs" };
    } finally {
      await model.dispose();
    }
  } catch (thrown) {
    const { code, message } = toBackdropError(thrown);
    return { type: "fails", code, message };
  }
}

interface Outputs {
  readonly outputs: readonly ArrayLike<number>[];
  readonly stepMs: number;
}

async function runAll(target: Target): Promise<Outputs> {
  const model = await openModel("mini", target);
  try {
    const outputs: ArrayLike<number>[] = [];
    for (const request of graphsForSize(size)) outputs.push(await run(model, request));
    outputs.push(await runGate(target));
    // The first run has also made what later ones use.
    const beginMs = performance.now();
    await run(model, { graph: "denoiser", ...size });
    return { outputs, stepMs: performance.now() - beginMs };
  } finally {
    await model.dispose();
  }
}

async function run(model: OpenModel, request: GraphRequest): Promise<ArrayLike<number>> {
  return onlyFloats(await model.run(request, inputsOf(request, model.package)));
}

async function runGate(target: Target): Promise<ArrayLike<number>> {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-check-"));
  try {
    const file = join(dir, "gate.onnx");
    await writeFile(file, gateGraph(target).encode());
    const session = await openSession(file, { provider: target.provider, weightsBytes: 0 });
    return onlyFloats(await session.run({ x: waves(...gateInput) }).finally(session.dispose));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function onlyFloats(outputs: NamedTensors): ArrayLike<number> {
  const [output] = Object.values(outputs);
  if (!(output?.data instanceof Float32Array)) throw new Error("expected an output of floats");
  return output.data;
}

function inputsOf(request: GraphRequest, { vision, depth }: ModelPackage): NamedTensors {
  const picture = (channels: number, side: number) => waves(1, channels, side, side);
  const [, channels, height, width] = latentDims("width" in request ? request : size);
  switch (request.graph) {
    case "text":
      return {
        input_ids: { data: BigInt64Array.from({ length: textTokens }, (_, i) => BigInt(i)), dims: [1, textTokens] },
      };
    case "vision":
      return {
        pixel_values: picture(3, vision.imageSize),
        patch_mask: ones(1, (vision.imageSize / vision.patchSize) ** 2),
      };
    case "depth":
      return { pixel_values: picture(3, depth.imageSize) };
    case "control":
      return { control_image: picture(2, request.width) };
    case "vae_encoder":
      return { image: picture(3, request.width) };
    case "vae_decoder":
    case "preview_decoder":
      return { latents: waves(1, channels, height, width) };
    case "vae_encoder_tile":
    case "vae_encoder_end":
    case "vae_decoder_start":
    case "vae_decoder_tile":
      throw new Error(`the embedded model has no ${request.graph}`);
    case "denoiser":
      return {
        sample: waves(1, channels, height, width),
        timestep: floats(Float32Array.of(500), [1]),
        encoder_hidden_states: waves(1, textTokens, tokenWidth),
        image_tokens: waves(1, imageTokens, tokenWidth),
        query_mask: waves(1, 1, height, width),
        fusion: floats(Float32Array.of(1, 0, 0), [3]),
        image_scale: ones(1),
        control_embedding: waves(1, controlWidth, height, width),
        control_scale: ones(1),
      };
  }
}

/** So that every number counts. */
function waves(...dims: readonly number[]): FloatTensor {
  return floats(
    Float32Array.from({ length: count(dims) }, (_, i) => Math.sin(i)),
    dims,
  );
}

function ones(...dims: readonly number[]): FloatTensor {
  return floats(new Float32Array(count(dims)).fill(1), dims);
}

function count(dims: readonly number[]): number {
  return dims.reduce((n, dim) => n * dim, 1);
}

function distance(found: ArrayLike<number>, exact: ArrayLike<number>): number {
  const norm = (value: (i: number) => number) =>
    Math.sqrt(Array.from(found, (_, i) => value(i) ** 2).reduce((sum, square) => sum + square, 0));
  return norm((i) => (found[i] ?? 0) - (exact[i] ?? 0)) / norm((i) => exact[i] ?? 0);
}
