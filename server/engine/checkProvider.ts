import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBackdropError } from "../../shared/errors.ts";
import {
  type Operators,
  type Provider,
  referenceTarget,
  type Target,
  type TargetChoice,
} from "../../shared/providers.ts";
import { attentionGraph } from "../checkpoint/attentionGraph.ts";
import { gateGraph } from "../checkpoint/gateGraph.ts";
import { type GraphRequest, graphsForSize, graphTarget } from "../checkpoint/graphRequest.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { latentDims } from "../pipeline/latents.ts";
import { chooseTarget } from "../runtime/providers.ts";
import { openSession } from "../runtime/session.ts";
import { type FloatTensor, floats, type NamedTensors } from "../runtime/tensor.ts";
import { measuredTarget } from "./measuredOperators.ts";
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
 * Runs every graph of the embedded model on a provider, and what only full-size models have, beside the CPU: in float32 and, where that is
 * right, in float16, of which all but the denoiser is float32 too.
 */
export async function checkProvider(provider: Provider, operators: Operators): Promise<readonly ProviderCheck[]> {
  const exact = await runOnCpu();
  const checks: ProviderCheck[] = [];
  for (const precision of ["fp32", "fp16"] as const) {
    const check = await compare({ provider, precision, operators }, exact);
    checks.push(check);
    if (check.type !== "runs") break;
  }
  return checks;
}

type ComparedTarget = Target & { readonly precision: ProviderCheck["precision"] };

interface Exact {
  readonly outputs: ReadonlyMap<string, ArrayLike<number>>;
  readonly stepMs: number;
}

async function runOnCpu(): Promise<Exact> {
  const model = await openModel("mini", referenceTarget);
  try {
    const outputs = new Map<string, ArrayLike<number>>();
    for await (const { graph, output } of runAll(model, referenceTarget)) outputs.set(graph, output);
    return { outputs, stepMs: await fastestStepMs(model) };
  } finally {
    await model.dispose();
  }
}

/** Ends with the first graph that is wrong: nobody asks for the rest. */
async function compare(target: ComparedTarget, exact: Exact): Promise<ProviderCheck> {
  const { precision, operators } = target;
  let model: OpenModel | undefined;
  try {
    model = await openModel("mini", target);
    let worst = 0;
    for await (const { graph, output, mostError } of runAll(model, target)) {
      const error = distance(output, exact.outputs.get(graph) ?? []);
      const number = Number.isFinite(error) ? error : null;
      if (number === null || number > mostError) return { type: "differs", precision, operators, graph, error: number };
      worst = Math.max(worst, number);
    }
    const stepMs = await fastestStepMs(model);
    return { type: "runs", precision, operators, error: worst, stepMs, cpuStepMs: exact.stepMs };
  } catch (thrown) {
    return { type: "fails", precision, operators, message: toBackdropError(thrown).message };
  } finally {
    await model?.dispose();
  }
}

/** Runs the denoiser of the embedded model, small: the graph that has what providers lack, in the precision that is asked for and the operators that `doctor` found best. */
export async function tryProvider(choice: TargetChoice): Promise<ProviderTry> {
  const { operators, warning } = await measuredTarget(choice);
  if (operators === null) return { type: "wrong" };
  try {
    const model = await openModel("mini", chooseTarget({ ...choice, operators }));
    try {
      await run(model, { graph: "denoiser", ...smallSize });
      return { type: "runs", operators, warning };
    } finally {
      await model.dispose();
    }
  } catch (thrown) {
    const { code, message } = toBackdropError(thrown);
    return { type: "fails", operators, warning, code, message };
  }
}

interface Run {
  readonly graph: string;
  readonly output: ArrayLike<number>;
  /** ‖difference‖ / ‖the CPU's output‖ that rounding makes at most */
  readonly mostError: number;
}

/** First what is quick and most often wrong. */
async function* runAll(model: OpenModel, target: Target): AsyncGenerator<Run> {
  for (const [graph, built] of Object.entries({ attention: attentionGraph(target), gate: gateGraph(target) })) {
    yield { graph, output: await runByItself(graph, built), mostError: mostError(target).oneOperator };
  }
  for (const request of graphsForSize(size)) {
    const output = await run(model, request);
    yield { graph: request.graph, output, mostError: mostError(graphTarget(request, target)).network };
  }
}

/**
 * Half precision has 3 digits, and a network adds up what they lack. So has what CUDA multiplies in float32: since Ampere as TF32, unless
 * the runtime is told otherwise.
 */
function mostError({ provider, precision }: Target): { readonly oneOperator: number; readonly network: number } {
  const hasThreeDigits = precision === "fp16" || provider === "cuda";
  return hasThreeDigits ? { oneOperator: 0.005, network: 0.02 } : { oneOperator: 0.001, network: 0.001 };
}

async function run(model: OpenModel, request: GraphRequest): Promise<ArrayLike<number>> {
  return onlyFloats(await model.run(request, inputsOf(request, model.package)));
}

/** Of as many runs as half a second holds: other work may be in the way of one. What the first run of all has made is there by now. */
async function fastestStepMs(model: OpenModel): Promise<number> {
  let [leastMs, sumMs] = [Number.POSITIVE_INFINITY, 0];
  while (sumMs < 500) {
    const beginMs = performance.now();
    await run(model, { graph: "denoiser", ...size });
    const stepMs = performance.now() - beginMs;
    leastMs = Math.min(leastMs, stepMs);
    sumMs += stepMs;
  }
  return leastMs;
}

/** A graph of one input that needs no weights. */
async function runByItself(name: string, graph: ReturnType<typeof gateGraph>): Promise<ArrayLike<number>> {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-check-"));
  try {
    const file = join(dir, `${name}.onnx`);
    await writeFile(file, graph.encode());
    const session = await openSession(file, { provider: graph.target.provider, weightsBytes: 0 });
    const inputs = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, waves(...shape.map(Number))]));
    return onlyFloats(await session.run(inputs).finally(session.dispose));
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
