import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { buildGraph, graphLayout } from "../../server/checkpoint/buildGraph.ts";
import { openCheckpoint } from "../../server/checkpoint/checkpoint.ts";
import { graphFile, graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { Graph, type GraphNode, type Value } from "../../server/onnx/graph.ts";
import { attention } from "../../server/onnx/nn.ts";
import { mul } from "../../server/onnx/ops.ts";
import type { Target } from "../../shared/providers.ts";
import { expectClose, noise, pick, runGraph } from "./support.ts";
import { publishedDenoiser } from "./unetFixtures.ts";

// What graphs are made of for each target, as far as that can be seen without the device; test/slow/webgpu.test.ts runs them on one.

const size = { width: 128, height: 128 };
const half: Target = { provider: "webgpu", precision: "fp16" };

const types = (node: GraphNode) => node.inputs.flatMap((value) => (value === "" ? [] : [value.type]));

test.each(["fp32", "fp16"] as const)("on WebGPU in %s nothing but what it has kernels for", async (precision) => {
  const checkpoint = await openCheckpoint(fileURLToPath(new URL("../../models/mini/", import.meta.url)));
  for (const request of graphsForSize(size).filter(({ graph }) => graph !== "text")) {
    const { operations } = await buildGraph(checkpoint, request, { provider: "webgpu", precision });
    const fused = operations.filter(({ domain }) => domain !== "").map(({ op }) => op);
    expect(new Set([...fused, "QuickGelu"]), request.graph).toEqual(new Set(["QuickGelu"]));
  }
});

test("a graph is kept for each target, and only the denoiser is less exact", () => {
  const files = graphsForSize(size).map((request) => graphFile(request, half));
  expect(files).toEqual([
    "text-cpu-fp32.onnx",
    "vision-webgpu-fp32.onnx",
    "depth-webgpu-fp32.onnx",
    "control-128x128-webgpu-fp32.onnx",
    "denoiser-128x128-webgpu-fp16.onnx",
    "vae_encoder-128x128-webgpu-fp32.onnx",
    "vae_decoder-128x128-webgpu-fp32.onnx",
  ]);
});

test("attention in single operators is the fused one, also where scores are held in parts", async () => {
  const [queries, width] = [9216, 8];
  const x = noise([1, queries, width], 1);
  const run = async (target: Target) => {
    const graph = new Graph("attention", target);
    const input = graph.input("x", "float32", [1, queries, width]);
    graph.output("y", attention(input, mul(input, 0.7), mul(input, 1.3), 1));
    const parts = graph.operations.filter(({ op }) => op === "Softmax").length;
    return { parts, y: pick(await runGraph(graph, undefined, { x }), "y") };
  };
  const fused = await run({ provider: "cpu", precision: "fp32" });
  const plain = await run({ provider: "webgpu", precision: "fp32" });
  expect([fused.parts, plain.parts]).toEqual([0, 2]);
  expectClose(plain.y, fused.y, 1e-5);
});

describe.each(["sd15", "sdxl"] as const)("the denoiser of %s in half precision", async (name) => {
  const graph = await publishedDenoiser(name, new Graph("denoiser", half));
  const { operations } = graph;
  const ofType = (op: string) => operations.filter((node) => node.op === op);

  test("convolutions and products are computed in it, and its weights are read as they are stored", () => {
    for (const op of ["Conv", "MatMul", "Softmax"]) {
      expect(ofType(op).length, op).toBeGreaterThan(10);
      for (const node of ofType(op)) expect(new Set(types(node)), op).toEqual(new Set(["float16"]));
    }
  });

  test("angles of the timestep and sums of squares are not", () => {
    expect(ofType("Sin").length).toBeGreaterThan(0);
    for (const node of [...ofType("Sin"), ...ofType("Cos")]) expect(types(node)).toEqual(["float32"]);
    // A norm is one operator, which adds up in float32 by itself.
    expect(ofType("LayerNormalization").length).toBeGreaterThan(50);
    for (const op of ["Pow", "ReduceMean", "ReduceSum", "Sqrt"]) expect(ofType(op), op).toEqual([]);
  });

  test("scores are scaled before the product, not after it", () => {
    const makers = new Map(operations.flatMap((node) => node.outputs.map((value) => [value.name, node] as const)));
    const makerOf = (value: Value | "" | undefined) => (value ? makers.get(value.name) : undefined);
    const isView = (node: GraphNode | undefined) => /^(Transpose|Reshape|Slice)$/.test(node?.op ?? "");
    for (const { inputs } of ofType("Softmax")) {
      const product = makerOf(inputs[0]);
      expect(product?.op).toBe("MatMul");
      let queries = makerOf(product?.inputs[0]);
      while (isView(queries)) queries = makerOf(queries?.inputs[0]);
      expect(queries?.op).toBe("Mul");
    }
  });

  test("the host sees float32 only", () => {
    for (const { name: input, type } of graph.inputs) expect(type, input).toBe("float32");
    expect(operations.at(-1)?.outputs[0]).toMatchObject({ name: "noise_prediction", type: "float32" });
  });
});

describe.each([
  ["sd15", { convolutions: 151, groupNorms: 88, gates: 23, transposesElsewhere: 46 }],
  ["sdxl", { convolutions: 82, groupNorms: 67, gates: 104, transposesElsewhere: 32 }],
] as const)("the denoiser of %s for CUDA", async (name, expected) => {
  const build = (target: Target) => {
    const layout = graphLayout({ graph: "denoiser", width: 512, height: 512 }, target);
    return publishedDenoiser(name, new Graph("denoiser", target, layout));
  };
  const count = ({ operations }: Graph, op: string) => operations.filter((node) => node.op === op).length;

  test.each(["fp32", "fp16"] as const)(
    "in %s is fused, and its channels are last from end to end",
    async (precision) => {
      const graph = await build({ provider: "cuda", precision });
      const plain = await build({ provider: "cpu", precision: "fp32" });
      const convolutions = count(graph, "NhwcConv");
      const gates = count(graph, "BiasSplitGelu");
      const transposesElsewhere = count(plain, "Transpose");
      expect({ convolutions, groupNorms: count(graph, "GroupNorm"), gates, transposesElsewhere }).toEqual(expected);
      expect([convolutions, gates]).toEqual([count(plain, "Conv"), count(plain, "Split")]);
      for (const op of ["Conv", "Resize", "Split", "Gelu"]) expect(count(graph, op), op).toBe(0);
      // Latents and control picture on their way in, the prediction on its way out; weights are turned when they are loaded.
      const transposes = runningOperations(graph).filter(({ op }) => op === "Transpose");
      expect(transposes.flatMap(({ outputs }) => outputs.map(({ shape }) => shape.join()))).toEqual([
        "B,64,64,4",
        "1,64,64,320",
        "B,4,64,64",
      ]);
    },
  );

  test("reads γ and β in float32, and weights that are constant by then", async () => {
    const graph = await build({ provider: "cuda", precision: "fp16" });
    const changing = new Set(runningOperations(graph).flatMap(({ outputs }) => outputs.map((value) => value.name)));
    for (const node of graph.operations.filter(({ op }) => op === "GroupNorm")) {
      expect(types(node)).toEqual(["float16", "float32", "float32"]);
    }
    for (const { inputs } of graph.operations.filter(({ op }) => op === "NhwcConv")) {
      expect(inputs.map((value) => value !== "" && changing.has(value.name))).toEqual([true, false, false]);
    }
  });
});

/** The operations that run each time, because they depend on an input. */
function runningOperations({ inputs: given, operations }: Graph): readonly GraphNode[] {
  const changing = new Set(given.map(({ name }) => name));
  return operations.filter(({ inputs, outputs }) => {
    const changes = inputs.some((value) => value !== "" && changing.has(value.name));
    if (changes) for (const { name } of outputs) changing.add(name);
    return changes;
  });
}
