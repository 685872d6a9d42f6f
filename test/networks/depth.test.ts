import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildDepth, parseDepthConfig } from "../../server/networks/depth.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { expectClose, floats, pick, readFixture, runGraph, type TestTensor, worstElement } from "./support.ts";

const folder = fileURLToPath(new URL("../fixtures/networks/depth/", import.meta.url));
const file = "depth/model.safetensors";
const tolerance = 2e-4;
const cases = await readFixture(`${folder}cases.safetensors`);
const json: { backbone_config: object } = JSON.parse(await readFile(`${folder}depth/config.json`, "utf8"));

async function depthGraph(config: unknown = json, imageSize = 70): Promise<Graph> {
  const graph = new Graph("depth");
  const weights = await readSafetensors(`${folder}${file}`, file);
  buildDepth(new Scope(graph, weights, "depth"), parseDepthConfig(config), imageSize);
  return graph;
}

it("estimates what transformers estimates", async () => {
  const outputs = await runGraph(await depthGraph(), folder, { pixel_values: pick(cases, "pixel_values") });
  expectClose(outputs.get("depth"), cases.get("depth"), tolerance);
});

it("takes a batch of any size, and the picture matters", async () => {
  const blank = floats([1, 3, 70, 70], new Float32Array(3 * 70 * 70));
  const picture = {
    data: Float32Array.from(pick(cases, "pixel_values").data.subarray(0, 14700), Number),
    shape: [1, 3, 70, 70],
  };
  const run = async (pixels: TestTensor) =>
    pick(await runGraph(await depthGraph(), folder, { pixel_values: pixels }), "depth");
  expect(worstElement(await run(picture), await run(blank)).error).toBeGreaterThan(0.1);
});

it.each([
  [{ depth_estimation_type: "metric" }, "depth_estimation_type"],
  [{ neck_hidden_sizes: [8, 8] }, "neck_hidden_sizes: expected 4 entries"],
  [{ backbone_config: { ...json.backbone_config, use_swiglu_ffn: true } }, "backbone_config.use_swiglu_ffn"],
  [{ backbone_config: { ...json.backbone_config, out_indices: [1, 2, 4, 7] } }, "rising numbers of layers"],
  [{ reassemble_factors: [4, 2, 1, 0.25] }, "reassemble_factors"],
])("refuses %#", async (change, message) => {
  await expect(depthGraph({ ...json, ...change })).rejects.toThrow(message);
});

it("refuses another picture size than its position embeddings were made for", async () => {
  await expect(depthGraph(json, 84)).rejects.toThrow("backbone_config.image_size: expected 84");
});
