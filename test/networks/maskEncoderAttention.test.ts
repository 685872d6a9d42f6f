import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { linear } from "../../server/networks/layers.ts";
import {
  maskEncoderAttention,
  maskPyramid,
  type Regions,
  regions,
} from "../../server/networks/maskEncoderAttention.ts";
import { Graph, size, type Value } from "../../server/onnx/graph.ts";
import { attention } from "../../server/onnx/nn.ts";
import { add, mean, mul, oneMinus, reshape } from "../../server/onnx/ops.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { expectClose, floats, pick, readFixture, runGraph, type TestTensor, worstElement } from "./support.ts";

// Expected values come from float64 NumPy: test/fixtures/networks/meca/make.py.

const folder = fileURLToPath(new URL("../fixtures/networks/meca", import.meta.url));
const weights = await readSafetensors(`${folder}/weights.safetensors`, "weights.safetensors");
const cases = await readFixture(`${folder}/cases.safetensors`);
const numHeads = 4;

/** A graph around one cross-attention at the second resolution of a 8×12 mask. */
function setUp() {
  const graph = new Graph("meca");
  const s = new Scope(graph, weights, "weights");
  const input = (name: string, shape: readonly (number | "B")[]) => graph.input(name, "float32", shape);
  const x = input("x", ["B", 24, 16]);
  const text = input("text", ["B", 7, 12]);
  const tokens = input("image", ["B", 5, 12]);
  const mask = input("mask", [1, 1, 8, 12]);
  const level = maskPyramid(mask, 2)[1] ?? mask;
  const fusion = { gates: input("fusion", [3]), imageScale: input("image_scale", [1]) };
  return { graph, s, x, text, tokens, level, fusion };
}

function inputs(which: string, changes: Record<string, TestTensor> = {}): Record<string, TestTensor> {
  const shared = ["x", "text", "image", "mask", "image_scale"].map((name) => [name, pick(cases, name)] as const);
  return { ...Object.fromEntries(shared), fusion: pick(cases, `${which}.fusion`), ...changes };
}

function attend({ s, x, text, tokens, level, fusion }: ReturnType<typeof setUp>): Value {
  const image = { tokens, regions: regions(level, fusion), weightsOf: () => s.at(1) };
  return maskEncoderAttention(s.at("attn2"), x, numHeads, { text, image });
}

it.each(["query", "output", "global", "ip_adapter_mask"])("computes the %s fusion", async (which) => {
  const parts = setUp();
  parts.graph.output("out", attend(parts));
  parts.s.finish();
  const outputs = await runGraph(parts.graph, folder, inputs(which));
  expectClose(outputs.get("out"), cases.get(`${which}.out`), 2e-5);
});

it("averages the mask down to the resolution of the queries (R6)", async () => {
  const { graph, level } = setUp();
  graph.output("level", reshape(level, [4, 6]));
  const outputs = await runGraph(graph, undefined, inputs("query"));
  expectClose(outputs.get("level"), cases.get("level_mask"), 1e-6);
});

it("gives each branch the mean of its values where its query is masked (R7)", async () => {
  const parts = setUp();
  const { graph, s, x, text, tokens, level, fusion } = parts;
  graph.output("out", attend(parts));

  const project = (at: Scope, states: Value) => linear(at, states, 16, { bias: false });
  const m = reshape(level, [1, size(x, 1), 1]);
  // M·Attn(Q,K,V) + (1 − M)·mean(V)
  const masked = (own: Value, k: Value, v: Value) =>
    add(mul(attention(project(s.at("attn2", "to_q"), x), k, v, numHeads), own), mul(mean(v, 1), oneMinus(own)));
  const byText = masked(oneMinus(m), project(s.at("attn2", "to_k"), text), project(s.at("attn2", "to_v"), text));
  const byImage = masked(m, project(s.at(1, "to_k_ip"), tokens), project(s.at(1, "to_v_ip"), tokens));
  graph.output("identity", linear(s.at("attn2", "to_out", 0), add(byText, mul(byImage, fusion.imageScale)), 16));

  const binary = Array.from({ length: 96 }, (_, i) => (Math.floor(i / 24) + Math.floor((i % 12) / 2)) % 2);
  const outputs = await runGraph(graph, folder, inputs("query", { mask: floats([1, 1, 8, 12], binary) }));
  expectClose(outputs.get("out"), outputs.get("identity"), 1e-5);
});

it("is plain cross-attention with image scale 0, and without an image prompt", async () => {
  const parts = setUp();
  parts.graph.output("out", attend(parts));
  parts.graph.output("plain", maskEncoderAttention(parts.s.at("attn2"), parts.x, numHeads, { text: parts.text }));
  const outputs = await runGraph(parts.graph, folder, inputs("global", { image_scale: floats([1], [0]) }));
  expectClose(outputs.get("out"), outputs.get("plain"), 1e-6);
});

it("keeps the image out of the text's region under output fusion", async () => {
  const parts = setUp();
  parts.graph.output("out", attend(parts));
  const mask = floats([1, 1, 8, 12], Array(96).fill(0));
  const before = await runGraph(parts.graph, folder, inputs("output", { mask }));
  const reversed = floats([2, 5, 12], [...pick(cases, "image").data].map(Number).reverse());
  const other = await runGraph(parts.graph, folder, inputs("output", { mask, image: reversed }));
  expectClose(other.get("out"), before.get("out"), 1e-6);
  const open = await runGraph(parts.graph, folder, inputs("output", { image: reversed }));
  expect(worstElement(pick(open, "out"), pick(before, "out")).error).toBeGreaterThan(0.1);
});

it("weighs branches by gates, mask and scale", async () => {
  const { graph, level, fusion } = setUp();
  const all: Regions = regions(level, fusion);
  for (const name of ["textQuery", "imageQuery", "textOutput", "imageOutput"] as const) graph.output(name, all[name]);
  const mask = floats([1, 1, 8, 12], Array(96).fill(0.6));
  const fusionGates = floats([3], [1, 0.5, 1]);
  const outputs = await runGraph(graph, undefined, {
    mask,
    fusion: fusionGates,
    image_scale: floats([1], [2]),
    ...Object.fromEntries(["x", "text", "image"].map((name) => [name, pick(cases, name)])),
  });
  const first = (name: string) => Number(pick(outputs, name).data[0]);
  expect(first("textQuery")).toBe(0);
  expect(first("imageQuery")).toBe(1);
  expect(first("textOutput")).toBeCloseTo(0.7, 5);
  expect(first("imageOutput")).toBeCloseTo(1.2, 5);
});
