import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { buildGraph, graphLayout } from "../../server/checkpoint/buildGraph.ts";
import { openCheckpoint } from "../../server/checkpoint/checkpoint.ts";
import { graphFile, graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { Graph, type GraphNode, type Value } from "../../server/onnx/graph.ts";
import { attention } from "../../server/onnx/nn.ts";
import { mul } from "../../server/onnx/ops.ts";
import { referenceTarget, type Target } from "../../shared/providers.ts";
import { expectClose, noise, pick, relativeError, runGraph, someInputs } from "./support.ts";
import { publishedDenoiser } from "./unetFixtures.ts";

// What graphs are made of for each target, as far as that can be seen without the device; test/slow/webgpu.test.ts runs them on one.

const size = { width: 128, height: 128 };
const webgpu: Target = { provider: "webgpu", precision: "fp32", operators: "plain" };
const half: Target = { ...webgpu, precision: "fp16" };
const cuda: Target = { provider: "cuda", precision: "fp32", operators: "fused" };

const types = (node: GraphNode) => node.inputs.flatMap((value) => (value === "" ? [] : [value.type]));

const mini = fileURLToPath(new URL("../../models/mini/", import.meta.url));
const checkpoint = await openCheckpoint(mini);
/** Text is on the CPU always. */
const requests = graphsForSize(size).filter(({ graph }) => graph !== "text");

describe.each(requests)("$graph of the embedded model", (request) => {
  const build = (target: Target) => buildGraph(checkpoint, request, target);
  const contrib = ({ operations }: Graph) =>
    new Set(operations.flatMap(({ domain, op }) => (domain === "" ? [] : [op])));

  test.each(["fp32", "fp16"] as const)("in plain operators in %s is the same for every provider", async (precision) => {
    const graph = await build({ ...webgpu, precision });
    // What all of them have.
    expect(new Set([...contrib(graph), "QuickGelu"])).toEqual(new Set(["QuickGelu"]));
    const bytes = graph.encode();
    for (const provider of ["cuda", "dml", "coreml"] as const) {
      const other = await build({ provider, precision, operators: "plain" });
      expect(Buffer.compare(other.encode(), bytes), provider).toBe(0);
    }
  });

  test("for WebGPU has one fused operator where it has attention", async () => {
    const fused = await build({ ...webgpu, operators: "fused" });
    const attends = (await build(webgpu)).operations.some(({ op }) => op === "Softmax");
    const expected = [...contrib(await build(webgpu)), ...(attends ? ["MultiHeadAttention"] : [])];
    expect(contrib(fused)).toEqual(new Set(expected));
    expect(fused.operations.filter(({ op }) => op === "Softmax")).toEqual([]);
  });

  test.each(["plain", "fused"] as const)(
    "in WebGPU's %s operators computes on the CPU what the CPU's computes",
    async (operators) => {
      const exact = await build(referenceTarget);
      const inputs = someInputs(exact, { timestep: 991, image_scale: 1, control_scale: 1, fusion: 1, patch_mask: 1 });
      const [expected] = (await runGraph(exact, mini, inputs)).values();
      const [found] = (await runGraph(await build({ ...webgpu, operators }), mini, inputs)).values();
      if (!expected || !found) throw new Error("expected an output");
      expect(relativeError(expected, found)).toBeLessThan(1e-5);
    },
  );
});

test.each<readonly [Target, string]>([
  [half, "webgpu-PRECISION-plain"],
  [{ ...half, operators: "fused" }, "webgpu-PRECISION-fused"],
  [{ ...cuda, precision: "fp16" }, "cuda-PRECISION-fused"],
  [{ ...half, provider: "coreml" }, "coreml-PRECISION"],
])("a graph is kept for each target, and only the denoiser is less exact: %j", (target, name) => {
  expect(graphsForSize(size).map((request) => graphFile(request, target))).toEqual([
    "text-cpu-fp32.onnx",
    ...["vision", "depth", "control-128x128", "denoiser-128x128", "vae_encoder-128x128", "vae_decoder-128x128"].map(
      (graph) => `${graph}-${name.replace("PRECISION", graph.startsWith("denoiser") ? "fp16" : "fp32")}.onnx`,
    ),
  ]);
});

test("the CPU has one kind, which its files do not name", () => {
  const files = graphsForSize(size).map((request) => graphFile(request, referenceTarget));
  expect(files).toContain("denoiser-128x128-cpu-fp32.onnx");
  expect(files).toContain("vision-cpu-fp32.onnx");
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
  const fused = await run(referenceTarget);
  const plain = await run(webgpu);
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
      const graph = await build({ ...cuda, precision });
      const plain = await build(referenceTarget);
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

  test("in plain operators is WebGPU's", async () => {
    const [plain, other] = [await build({ ...cuda, operators: "plain" }), await build(webgpu)];
    expect(Buffer.compare(plain.encode(), other.encode())).toBe(0);
  });

  test("reads γ and β in float32, and weights that are constant by then", async () => {
    const graph = await build({ ...cuda, precision: "fp16" });
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
