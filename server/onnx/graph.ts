import { referenceTarget, type Target } from "../../shared/providers.ts";
import { type Attribute, encodeModel, type ModelNode, type ModelTensor } from "./protobuf.ts";
import { type DataType, formatShape, type Layout, type Shape } from "./shape.ts";

/** One tensor of a graph under construction: the typed, shaped output of a node, input or initializer. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
}

/** A tensor that lies in a checkpoint file; `offset` is in bytes from the start of the file. */
export interface StoredTensor {
  readonly file: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
}

/** One operation of a graph; `""` stands for an omitted optional input. */
export interface GraphNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | "")[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An ONNX graph under construction. Nodes are appended in execution order by the functions of `ops.ts`. */
export class Graph {
  readonly #name: string;
  // Of the graph itself, or of the branch that is being built.
  #nodes: GraphNode[] = [];
  #operations: GraphNode[] = [];
  readonly #initializers: ModelTensor[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #stored = new Map<string, Value>();
  #counter = 0;

  readonly target: Target;
  /** of every picture inside; inputs and outputs are NCHW all the same. See layout.ts. */
  readonly layout: Layout;
  /** run at each step of a job: worth more memory for speed */
  readonly isRepeated: boolean;

  constructor(name: string, target: Target = referenceTarget, layout: Layout = "NCHW", isRepeated = false) {
    this.#name = name;
    this.target = target;
    this.layout = layout;
    this.isRepeated = isRepeated;
  }

  /** What numbers are computed in. Inputs and outputs are float32 all the same: the host has no other. */
  get float(): "float32" | "float16" {
    return this.target.precision === "fp16" ? "float16" : "float32";
  }

  input(name: string, type: DataType, shape: Shape): Value {
    const value = { graph: this, name, type, shape };
    this.#inputs.push(value);
    return value;
  }

  /** Makes `value` an output called `name`. */
  output(name: string, value: Value): void {
    const output = { ...value, name };
    this.#append(identity(value, output));
    this.#outputs.push(output);
  }

  /** Appends a node; `""` stands for an omitted optional input. Several shapes make several outputs. */
  nodes(
    op: string,
    inputs: readonly (Value | "")[],
    outputs: readonly { readonly type: DataType; readonly shape: Shape }[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): Value[] {
    const values = outputs.map(({ type, shape }) => this.#value(type, shape));
    this.#append({ op, domain, inputs, outputs: values, attributes });
    return values;
  }

  /**
   * `If`: what `then` gives where `condition` (bool [1]) holds, else what `otherwise` gives; only that side is computed. The two
   * give as many values, whose shapes may differ where broadcasting makes up for it: those of `then` are taken for both.
   */
  branch(condition: Value, then: () => readonly Value[], otherwise: () => readonly Value[]): Value[] {
    const [taken, other] = [this.#side(then), this.#side(otherwise)];
    const values = taken.outputs.map(({ type, shape }) => this.#value(type, shape));
    this.#nodes.push({
      op: "If",
      domain: "",
      inputs: [condition],
      outputs: values,
      attributes: { then_branch: { branch: taken.branch }, else_branch: { branch: other.branch } },
    });
    const passedOn = taken.outputs.map((value, i) => identity(value, values[i] ?? value));
    this.#operations.push(...taken.operations, ...passedOn);
    return values;
  }

  /** What `build` appends, kept apart. A branch must make its outputs itself, hence the Identity. */
  #side(build: () => readonly Value[]) {
    const [nodes, operations] = [this.#nodes, this.#operations];
    [this.#nodes, this.#operations] = [[], []];
    const outputs = build().map((value) => this.node("Identity", [value], value.type, value.shape));
    const side = { outputs, operations: this.#operations, branch: { nodes: this.#nodes.map(named), outputs } };
    [this.#nodes, this.#operations] = [nodes, operations];
    return side;
  }

  #value(type: DataType, shape: Shape): Value {
    return { graph: this, name: `v${this.#counter++}`, type, shape };
  }

  #append(node: GraphNode): void {
    this.#nodes.push(node);
    this.#operations.push(node);
  }

  /** Appends a node with one output. */
  node(
    op: string,
    inputs: readonly (Value | "")[],
    type: DataType,
    shape: Shape,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): Value {
    const [value] = this.nodes(op, inputs, [{ type, shape }], attributes, domain);
    if (value === undefined) throw new Error("a node has one output");
    return value;
  }

  /** A small constant, stored in the graph itself; equal constants are stored once. */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[]): Value {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const type = data instanceof Float32Array ? "float32" : "int64";
    const key = `${type}:${shape.join(",")}:${Buffer.from(bytes).toString("base64")}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const value: Value = { graph: this, name: `c${this.#constants.size}`, type, shape };
    this.#initializers.push({ name: value.name, type, shape, bytes });
    this.#constants.set(key, value);
    return value;
  }

  /** A weight read in place from a checkpoint file: the graph holds its address, never a copy. */
  stored(name: string, tensor: StoredTensor): Value {
    const known = this.#stored.get(name);
    if (known) return known;
    this.#initializers.push({
      name,
      type: tensor.type,
      shape: tensor.shape,
      external: { location: tensor.file, offset: tensor.offset, length: tensor.byteLength },
    });
    const value: Value = { graph: this, name, type: tensor.type, shape: tensor.shape };
    this.#stored.set(name, value);
    return value;
  }

  get inputs(): readonly Value[] {
    return this.#inputs;
  }

  /** The operations in execution order, with every `If` taken as its `then` side. */
  get operations(): readonly GraphNode[] {
    return this.#operations;
  }

  /** The bytes of the `.onnx` file. */
  encode(): Uint8Array {
    return encodeModel({
      name: this.#name,
      nodes: this.#nodes.map(named),
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }
}

function identity(input: Value, output: Value): GraphNode {
  return { op: "Identity", domain: "", inputs: [input], outputs: [output], attributes: {} };
}

function named(node: GraphNode): ModelNode {
  return {
    ...node,
    inputs: node.inputs.map((x) => (x === "" ? "" : x.name)),
    outputs: node.outputs.map((x) => x.name),
  };
}

/** Size of axis `i` (negative counts from the end) where it must be known. */
export function size(x: Value, i: number): number {
  const dim = x.shape.at(i);
  if (typeof dim !== "number") {
    throw new Error(`${x.name} ${formatShape(x.shape)}: axis ${i} has no known size`);
  }
  return dim;
}
