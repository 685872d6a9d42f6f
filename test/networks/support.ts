import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as ort from "onnxruntime-node";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import type { Graph } from "../../server/onnx/graph.ts";
import type { DataType } from "../../server/onnx/shape.ts";

/** A tensor with its data, as fixtures hold it and graphs take and give it. */
export interface TestTensor {
  readonly data: Float32Array | Uint16Array | BigInt64Array;
  readonly shape: readonly number[];
}

export type Inputs = ReadonlyMap<string, TestTensor> | Readonly<Record<string, TestTensor>>;
export type Outputs = Map<string, TestTensor>;

/** Reads a safetensors file with its data. */
export async function readFixture(path: string): Promise<Map<string, TestTensor>> {
  const [header, bytes] = await Promise.all([readSafetensors(path, basename(path)), readFile(path)]);
  return new Map(
    [...header].map(([name, t]) => {
      // A copy, because typed arrays need an aligned start.
      const data = Uint8Array.from(bytes.subarray(t.offset, t.offset + t.byteLength)).buffer;
      return [name, { data: typed(t.type, data), shape: t.shape }];
    }),
  );
}

/** The tensors under `prefix`, without it. */
export function under(tensors: ReadonlyMap<string, TestTensor>, prefix: string): Map<string, TestTensor> {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, t]) => [name.slice(prefix.length), t]));
}

/** The tensor `name`, or an error that lists what there is. */
export function pick(tensors: ReadonlyMap<string, TestTensor>, name: string): TestTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`no ${name} among ${[...tensors.keys()].join(", ")}`);
  return tensor;
}

export function floats(shape: readonly number[], values: Iterable<number>): TestTensor {
  return { data: Float32Array.from(values), shape };
}

export function integers(shape: readonly number[], values: Iterable<number>): TestTensor {
  return { data: BigInt64Array.from(values, BigInt), shape };
}

/** Numbers of a repeatable, roughly normal distribution (sum of uniforms from a 32-bit generator). */
export function noise(shape: readonly number[], seed: number): TestTensor {
  let state = (seed * 2654435761) >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const count = shape.reduce((n, d) => n * d, 1);
  return floats(
    shape,
    Array.from({ length: count }, () => (uniform() + uniform() + uniform() + uniform() - 2) * 1.73),
  );
}

/** Noise for every input of a graph, a batch of 2, but for those that have a plain value. */
export function someInputs(graph: Graph, plain: Readonly<Record<string, number>>): Record<string, TestTensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }, i) => {
      const dims = shape.map((d) => (d === "B" ? 2 : d));
      const value = plain[name];
      const count = dims.reduce((n, d) => n * d, 1);
      return [name, value === undefined ? noise(dims, i + 1) : floats(dims, new Float32Array(count).fill(value))];
    }),
  );
}

/** ‖a − b‖ / ‖a‖ */
export function relativeError(a: TestTensor, b: TestTensor): number {
  const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const exact = Array.from(a.data, Number);
  return norm(exact.map((value, i) => value - Number(b.data[i]))) / norm(exact);
}

/** A loaded graph, to be run several times and then closed. */
export interface TestSession {
  run(inputs: Inputs): Promise<Outputs>;
  close(): Promise<void>;
}

/**
 * Loads a graph with the weights it refers to. `weightsDir` is the folder that stands for the package root; it is
 * copied, because external data must lie beside the `.onnx` file and fixtures are not to be written to.
 */
export async function openGraph(
  graph: Graph,
  weightsDir: string | undefined,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<TestSession> {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-test-"));
  try {
    if (weightsDir !== undefined) await cp(weightsDir, dir, { recursive: true });
    const path = join(dir, "graph.onnx");
    await writeFile(path, graph.encode());
    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 2, ...options });
    return {
      async run(inputs) {
        const entries = isMap(inputs) ? [...inputs] : Object.entries(inputs);
        const results = await session.run(Object.fromEntries(entries.map(([name, t]) => [name, feed(t)])));
        return new Map(Object.entries(results).map(([name, t]) => [name, fetched(name, t)]));
      },
      close: async () => {
        await session.release();
        await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** Runs a graph once. */
export async function runGraph(graph: Graph, weightsDir: string | undefined, inputs: Inputs): Promise<Outputs> {
  const session = await openGraph(graph, weightsDir);
  try {
    return await session.run(inputs);
  } finally {
    await session.close();
  }
}

/** Largest absolute difference and where it is. */
export function worstElement(actual: TestTensor, expected: TestTensor): { error: number; index: number[] } {
  if (`${actual.shape}` !== `${expected.shape}`) {
    throw new Error(`expected shape [${expected.shape}], got [${actual.shape}]`);
  }
  let error = 0;
  let at = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const difference = Math.abs(Number(actual.data[i]) - Number(expected.data[i]));
    // NaN never compares, so it is caught here.
    if (difference > error || Number.isNaN(difference)) {
      error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
      at = i;
    }
  }
  const index: number[] = [];
  let rest = at;
  for (const d of expected.shape.toReversed()) {
    index.unshift(rest % d);
    rest = Math.floor(rest / d);
  }
  return { error, index };
}

/** Throws where any element differs by more than `tolerance` (absolute), naming the worst; returns the worst error. */
export function expectClose(
  actual: TestTensor | undefined,
  expected: TestTensor | undefined,
  tolerance: number,
): number {
  if (!actual || !expected) throw new Error(`nothing to compare: ${actual ? "no expected value" : "no such output"}`);
  const { error, index } = worstElement(actual, expected);
  if (error <= tolerance) return error;
  const offset = index.reduce((n, i, axis) => n * (expected.shape[axis] ?? 1) + i, 0);
  throw new Error(
    `worst element [${index}] of [${expected.shape}]: expected ${expected.data[offset]}, got ${actual.data[offset]}` +
      ` (off by ${error.toExponential(2)}, allowed ${tolerance})`,
  );
}

function typed(type: DataType, buffer: ArrayBuffer): TestTensor["data"] {
  switch (type) {
    case "float32":
      return new Float32Array(buffer);
    case "float16":
    case "bfloat16":
      return new Uint16Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "uint8":
    case "bool":
      throw new Error(`fixtures hold no ${type}`);
  }
}

function isMap(inputs: Inputs): inputs is ReadonlyMap<string, TestTensor> {
  return inputs instanceof Map;
}

function feed({ data, shape }: TestTensor): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, shape);
  return new ort.Tensor("float16", data, shape);
}

function fetched(name: string, tensor: ort.Tensor): TestTensor {
  const { data, dims } = tensor;
  if (data instanceof Float32Array || data instanceof BigInt64Array || data instanceof Uint16Array) {
    return { data, shape: dims };
  }
  throw new Error(`output ${name} has type ${tensor.type}, which tests do not read`);
}
