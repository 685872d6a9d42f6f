import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Graph, type Value } from "../../server/onnx/graph.ts";
import * as nn from "../../server/onnx/nn.ts";
import * as ops from "../../server/onnx/ops.ts";
import { formatShape, type Shape } from "../../server/onnx/shape.ts";
import {
  expectClose,
  floats,
  integers,
  pick,
  readFixture,
  runGraph,
  type TestTensor,
  under,
  worstElement,
} from "../networks/support.ts";

// Expected values come from PyTorch: test/fixtures/onnx/make.py.

const cases = await readFixture(fileURLToPath(new URL("../fixtures/onnx/cases.safetensors", import.meta.url)));

/** Runs `build` on the inputs 0, 1, … of a case; inputs of batch size 2 get the open batch axis. */
async function run(name: string, build: (...inputs: Value[]) => Value): Promise<{ out: TestTensor; shape: Shape }> {
  const graph = new Graph(name);
  const inputs = under(cases, `${name}.`);
  inputs.delete("out");
  const values = [...inputs.keys()].toSorted().map((key) => {
    const { data, shape } = pick(inputs, key);
    const open: Shape = shape[0] === 2 ? ["B", ...shape.slice(1)] : shape;
    return graph.input(key, data instanceof BigInt64Array ? "int64" : "float32", open);
  });
  const value = build(...values);
  graph.output("out", value);
  return { out: pick(await runGraph(graph, undefined, inputs), "out"), shape: value.shape };
}

type Build = (a: Value, b: Value, c: Value, d: Value) => Value;

const builds: Record<string, Build> = {
  conv2d: (x, w, b) => nn.conv2d(x, w, b, { padding: 1 }),
  conv2d_stride: (x, w, b) => nn.conv2d(x, w, b, { padding: 1, stride: 2 }),
  conv2d_asymmetric: (x, w, b) => nn.conv2d(x, w, b, { padding: [0, 0, 1, 1], stride: 2 }),
  conv2d_pointwise: (x, w) => nn.conv2d(x, w, undefined),
  convTranspose2d: (x, w, b) => nn.convTranspose2d(x, w, b),
  layerNorm: (x, g, b) => nn.layerNorm(x, g, b, 1e-5),
  groupNorm: (x, g, b) => nn.groupNorm(x, g, b, 4, 1e-5),
  groupNorm_one: (x, g, b) => nn.groupNorm(x, g, b, 8, 1e-6),
  attention: (q, k, v) => nn.attention(q, k, v, 2),
  attention_all: (q, k, v, bias) => nn.attention(q, k, v, 2, bias),
  attention_batch: (q, k, v, bias) => nn.attention(q, k, v, 2, bias),
  attention_heads: (q, k, v, bias) => nn.attention(q, k, v, 2, bias),
  attention_dropped: (q, k, v, bias) => nn.attention(q, k, v, 2, bias),
  averagePool2: nn.averagePool2,
  upsampleNearest2: nn.upsampleNearest2,
  resizeBilinear_half_up: (x) => nn.resizeBilinear(x, 13, 20),
  resizeBilinear_half_down: (x) => nn.resizeBilinear(x, 4, 5),
  resizeBilinear_aligned_up: (x) => nn.resizeBilinear(x, 13, 20, { alignCorners: true }),
  resizeBilinear_aligned_down: (x) => nn.resizeBilinear(x, 4, 5, { alignCorners: true }),
  silu: ops.silu,
  gelu: ops.gelu,
  quickGelu: ops.quickGelu,
  tanh: ops.tanh,
  relu: ops.relu,
  sin: ops.sin,
  cos: ops.cos,
  atLeast: (x) => ops.atLeast(x, 0.5),
  oneMinus: ops.oneMinus,
  sum: (x) => ops.sum(x, 1),
  mean: (x) => ops.mean(x, -1),
  matmul: (a, b) => ops.matmul(a, b),
  matmul_transposed: (a, b) => ops.matmulTransposed(a, b),
  matmul_weight: (a, b) => ops.matmulTransposed(a, b),
  gatherRows: (table, ids) => ops.gatherRows(table, ids),
  argMax: (ids) => ops.argMax(ids, -1),
  gatherToken: (states, at) => ops.gatherToken(states, at),
};

describe("operators against PyTorch", () => {
  it.each(Object.entries(builds))("%s", async (name, build) => {
    const { out, shape } = await run(name, build as (...inputs: Value[]) => Value);
    expectClose(out, cases.get(`${name}.out`), 5e-5);
    expect(formatShape(shape.map((d) => (d === "B" ? 2 : d)))).toBe(formatShape(out.shape));
  });

  it("group norm by the moments of its own input, and by others", async () => {
    const by = (of: (x: Value) => Value) =>
      run("groupNorm", (x, g, b) => nn.groupNormBy(nn.groupMoments(of(x), 4), x, g, b, 1e-5));
    expectClose((await by((x) => x)).out, cases.get("groupNorm.out"), 5e-5);
    expect(worstElement((await by((x) => ops.mul(x, 2))).out, pick(cases, "groupNorm.out")).error).toBeGreaterThan(0.1);
  });

  it("leaves no case of the fixture out", () => {
    const names = new Set([...cases.keys()].map((key) => key.slice(0, key.lastIndexOf("."))));
    expect([...names].toSorted()).toEqual(Object.keys(builds).toSorted());
  });
});

describe("shape operators", () => {
  const x = floats([2, 2, 3], [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);

  async function apply(build: (x: Value) => Value): Promise<TestTensor> {
    const graph = new Graph("shape");
    graph.output("out", build(graph.input("x", "float32", ["B", 2, 3])));
    return pick(await runGraph(graph, undefined, { x }), "out");
  }

  it("reshape keeps the batch", async () => {
    expect(await apply((v) => ops.reshape(v, ["B", 3, 2]))).toEqual(floats([2, 3, 2], x.data as Float32Array));
  });
  it("transpose", async () => {
    const out = await apply((v) => ops.transpose(v, [0, 2, 1]));
    expect(out).toEqual(floats([2, 3, 2], [0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15]));
  });
  it("slice and concat", async () => {
    const out = await apply((v) => ops.concat([ops.slice(v, -1, 2, 3), ops.slice(v, 2, 0, 2)], -1));
    expect(out).toEqual(floats([2, 2, 3], [2, 0, 1, 5, 3, 4, 12, 10, 11, 15, 13, 14]));
  });
  it("split", async () => {
    const out = await apply((v) => ops.split(v, 3, -1)[1] ?? v);
    expect(out).toEqual(floats([2, 2, 1], [1, 4, 11, 14]));
  });
  it("expandBatch repeats for each batch entry of another value", async () => {
    const out = await apply((v) => ops.expandBatch(v.graph.constant(Float32Array.of(7, 8), [1, 2]), v));
    expect(out).toEqual(floats([2, 2], [7, 8, 7, 8]));
  });
  it("arithmetic broadcasts values and numbers", async () => {
    const out = await apply((v) => ops.sub(ops.div(ops.mean(v, 2), 2), 1));
    expect(out).toEqual(floats([2, 2, 1], [-0.5, 1, 4.5, 6]));
  });
  it("cast turns numbers into integers", async () => {
    expect(await apply((v) => ops.cast(v, "int64"))).toEqual(integers([2, 2, 3], x.data as Float32Array));
  });

  it.each<[string, (v: Value) => Value, RegExp]>([
    ["reshape", (v) => ops.reshape(v, ["B", 7]), /reshape: \[B,2,3\] does not fit \[B,7\]/],
    ["reshape of the batch", (v) => ops.reshape(v, [12]), /reshape: \[B,2,3\] does not fit \[12\]/],
    ["matmul", (v) => ops.matmul(v, v), /matmul: \[B,2,3\] does not fit \[B,2,3\]/],
    ["add", (v) => ops.add(v, ops.transpose(v, [0, 2, 1])), /cannot broadcast \[B,2,3\] with \[B,3,2\]/],
    [
      "conv2d",
      (v) => nn.conv2d(ops.reshape(v, ["B", 1, 2, 3]), kernelOf(v), undefined),
      /conv2d: \[B,1,2,3\] does not/,
    ],
  ])("%s refuses shapes that do not fit", (_, build, message) => {
    const graph = new Graph("shape");
    expect(() => build(graph.input("x", "float32", ["B", 2, 3]))).toThrow(message);
  });
});

/** A 1×1 kernel for two channels. */
function kernelOf(x: Value): Value {
  return x.graph.constant(Float32Array.of(1, 1), [1, 2, 1, 1]);
}
