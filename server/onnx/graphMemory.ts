import type { Graph, GraphNode, Value } from "./graph.ts";
import type { DataType, Dim } from "./shape.ts";

/** What a graph needs in memory while it is loaded and runs, in bytes, as far as its shapes tell. */
export interface GraphMemory {
  /** weights as the kernels read them, and what else is computed once when the graph is loaded */
  readonly weightsBytes: number;
  /** inputs, outputs and everything in between, where the most of it is alive at once */
  readonly activationsBytes: number;
}

/**
 * Goes through a graph in execution order: a value lives from the node that makes it to the last that reads it. Views share
 * their input's memory, and elementwise nodes write over an input that nothing else reads, as ONNX Runtime does.
 * @param batch how many entries the open axis has
 */
export function graphMemory(graph: Graph, batch: number): GraphMemory {
  const bytesOf = ({ type, shape }: Value) =>
    shape.reduce((n: number, d: Dim) => n * (d === "B" ? batch : d), elementBytes[type]);
  const { loaded, running } = splitByTime(graph);

  const weights = new Map<string, number>();
  for (const { inputs } of running) {
    for (const value of inputs) {
      const key = value === "" ? undefined : loaded(value);
      if (value !== "" && key !== undefined) weights.set(key, bytesOf(value));
    }
  }

  const lastReader = new Map<string, number>();
  running.forEach(({ inputs }, i) => {
    for (const value of inputs) if (value !== "") lastReader.set(value.name, i);
  });
  /** the buffers that hold values now: which buffer each value is in, how large each is, and how many values it holds */
  const bufferOf = new Map<string, Buffer>();
  let alive = 0;
  let most = 0;
  const put = (value: Value, buffer: Buffer) => {
    buffer.values++;
    bufferOf.set(value.name, buffer);
  };
  const allocate = (value: Value) => {
    const buffer = { bytes: bytesOf(value), values: 0 };
    alive += buffer.bytes;
    put(value, buffer);
  };
  const release = (value: Value) => {
    const buffer = bufferOf.get(value.name);
    if (buffer === undefined) return;
    bufferOf.delete(value.name);
    if (--buffer.values === 0) alive -= buffer.bytes;
  };

  for (const input of graph.inputs) allocate(input);
  running.forEach((node, i) => {
    const read = node.inputs.flatMap((value) => (value === "" || loaded(value) !== undefined ? [] : [value]));
    const reused = reusedBuffer(node, read, (value) => lastReader.get(value.name) === i, bufferOf, bytesOf);
    for (const value of node.outputs) {
      if (reused) put(value, reused);
      else allocate(value);
    }
    most = Math.max(most, alive + scratchBytes(node, bytesOf));
    for (const value of new Set(read)) if (lastReader.get(value.name) === i) release(value);
  });
  return { weightsBytes: [...weights.values()].reduce((sum, bytes) => sum + bytes, 0), activationsBytes: most };
}

interface Buffer {
  readonly bytes: number;
  values: number;
}

const elementBytes: Readonly<Record<DataType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  uint8: 1,
  int64: 8,
  bool: 1,
};

const views: ReadonlySet<string> = new Set(["Reshape", "Identity"]);
const elementwise: ReadonlySet<string> = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Max",
  "Tanh",
  "Relu",
  "Sigmoid",
  "Sin",
  "Cos",
]);

/** The buffer of an input that this node's output lies in too, where there is one. */
function reusedBuffer(
  { op, outputs }: GraphNode,
  read: readonly Value[],
  isLastRead: (value: Value) => boolean,
  bufferOf: ReadonlyMap<string, Buffer>,
  bytesOf: (value: Value) => number,
): Buffer | undefined {
  const [first] = read;
  const [output] = outputs;
  if (!first || !output) return undefined;
  if (views.has(op)) return bufferOf.get(first.name);
  if (!elementwise.has(op)) return undefined;
  const free = read.find(
    (value) => isLastRead(value) && bytesOf(value) === bytesOf(output) && bufferOf.get(value.name)?.values === 1,
  );
  return free && bufferOf.get(free.name);
}

/** The scores of an attention that has a bias; without one the kernel works in blocks. */
function scratchBytes({ op, inputs, attributes }: GraphNode, bytesOf: (value: Value) => number): number {
  const [q, k, , , , bias] = inputs;
  const { num_heads: heads } = attributes;
  if (op !== "MultiHeadAttention" || !q || !k || !bias || typeof heads !== "number") return 0;
  const [batchQueries, keys] = [bytesOf(q) / Number(q.shape.at(-1)), Number(k.shape.at(-2))];
  return batchQueries * keys * heads;
}

/**
 * Splits a graph into what is computed once, when it is loaded, and the nodes that run each time. `loaded` names what a
 * value is computed from; equal names are one value, and a value that depends on an input has none.
 */
function splitByTime(graph: Graph): {
  readonly loaded: (value: Value) => string | undefined;
  readonly running: readonly GraphNode[];
} {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const computed = new Map<string, string | undefined>();
  const loaded = (value: Value) => {
    if (computed.has(value.name)) return computed.get(value.name);
    return inputs.has(value.name) ? undefined : value.name;
  };
  const running = graph.operations.filter(({ op, domain, inputs: read, outputs, attributes }) => {
    const sources = read.map((value) => (value === "" ? "" : loaded(value)));
    // ONNX Runtime computes standard operators ahead, none of its own.
    const once = domain === "" && sources.every((source) => source !== undefined);
    const key = `${op}(${sources.join(",")})${JSON.stringify(attributes)}`;
    outputs.forEach((value, i) => {
      computed.set(value.name, once ? `${key}#${i}` : undefined);
    });
    return !once;
  });
  return { loaded, running };
}
