import { expect, test } from "vitest";
import { Graph } from "../../server/onnx/graph.ts";
import { graphMemory } from "../../server/onnx/graphMemory.ts";
import { attention, conv2d, groupNorm } from "../../server/onnx/nn.ts";
import { add, cast, concat, matmul, relu, reshape, silu } from "../../server/onnx/ops.ts";

/** A weight of 1000 × 1000 float16: 2 MB stored, 4 MB as it is used. */
function weight(graph: Graph, name: string) {
  const tensor = { file: "w", type: "float16", shape: [1000, 1000], offset: 0, byteLength: 2e6 } as const;
  return cast(graph.stored(name, tensor), "float32");
}

test("weights count as they are used, each once", () => {
  const graph = new Graph("weights");
  const x = graph.input("x", "float32", ["B", 1000]);
  const [a, b] = [weight(graph, "a"), weight(graph, "b")];
  graph.output("y", matmul(matmul(matmul(x, a), b), weight(graph, "a")));
  expect(graphMemory(graph, 1).weightsBytes).toBe(8e6);
});

test("a chain holds two values at a time, elementwise steps and views one", () => {
  const graph = new Graph("chain");
  const x = graph.input("x", "float32", ["B", 1000]);
  const w = weight(graph, "a");
  let h = matmul(x, w);
  for (let i = 0; i < 5; i++) h = relu(reshape(relu(reshape(matmul(h, w), ["B", 10, 100])), ["B", 1000]));
  graph.output("y", h);
  expect(graphMemory(graph, 1).activationsBytes).toBe(2 * 4000);
  expect(graphMemory(graph, 3).activationsBytes).toBe(3 * 2 * 4000);
});

test("a value that is read again later stays", () => {
  const graph = new Graph("residual");
  const x = graph.input("x", "float32", ["B", 1000]);
  const w = weight(graph, "a");
  const first = matmul(x, w);
  graph.output("y", add(matmul(matmul(first, w), w), first));
  expect(graphMemory(graph, 1).activationsBytes).toBe(3 * 4000);
});

test("x·σ(x) needs a second buffer, and joined values a third that holds both", () => {
  const graph = new Graph("silu");
  const x = graph.input("x", "float32", ["B", 1000]);
  const h = silu(x);
  graph.output("y", concat([h, relu(h)], 1));
  expect(graphMemory(graph, 1).activationsBytes).toBe(4 * 4000);
});

test("an attention with a bias holds its scores, and without one does not", () => {
  const bytes = (biased: boolean) => {
    const graph = new Graph("attention");
    const q = graph.input("q", "float32", ["B", 64, 32]);
    const bias = biased ? graph.constant(new Float32Array(64 * 64), [1, 1, 64, 64]) : undefined;
    graph.output("y", attention(q, q, q, 4, bias));
    return graphMemory(graph, 2).activationsBytes;
  };
  expect(bytes(false)).toBe(2 * 2 * 64 * 32 * 4);
  expect(bytes(true) - bytes(false)).toBe(2 * 4 * 64 * 64 * 4);
});

test("vectors that are filled when a graph is loaded count as weights, equal ones once", () => {
  const graph = new Graph("norm");
  const x = graph.input("x", "float32", ["B", 8, 16, 16]);
  const gamma = graph.constant(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [8]);
  const norm = (value: typeof x) => groupNorm(value, gamma, gamma, 2, 1e-5);
  const kernel = graph.constant(new Float32Array(64), [8, 8, 1, 1]);
  graph.output("y", norm(conv2d(norm(x), kernel, undefined)));
  const filled = 2 * (4 * 16 * 16) * 4;
  const { weightsBytes } = graphMemory(graph, 1);
  expect(weightsBytes).toBeGreaterThanOrEqual(filled);
  expect(weightsBytes).toBeLessThan(filled + 1000);
});
