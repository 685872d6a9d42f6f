import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildText, parseTextConfig, type TextHiddenState } from "../../server/networks/clipText.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { expectClose, integers, pick, readFixture, runGraph, type TestTensor, worstElement } from "./support.ts";

const fixtures = fileURLToPath(new URL("../fixtures/networks/clip/", import.meta.url));
const tolerance = 2e-4;
const cases = await readFixture(`${fixtures}text.safetensors`);

async function encoder(graph: Graph, folder: string, change: object = {}) {
  const json: object = JSON.parse(await readFile(`${fixtures}${folder}/config.json`, "utf8"));
  const file = `${folder}/model.safetensors`;
  const scope = new Scope(graph, await readSafetensors(`${fixtures}${file}`, file), folder);
  return { scope, config: parseTextConfig({ ...json, ...change }, `${folder}/config.json`) };
}

async function encodeOne(folder: string, hiddenState: TextHiddenState, ids: TestTensor): Promise<TestTensor> {
  const graph = new Graph("text");
  buildText(await encoder(graph, folder), undefined, hiddenState);
  return pick(await runGraph(graph, fixtures, { input_ids: ids }), "hidden_states");
}

async function encodeBoth(hiddenState: TextHiddenState, change: object = {}) {
  const graph = new Graph("text");
  buildText(await encoder(graph, "text_encoder"), await encoder(graph, "text_encoder_2", change), hiddenState);
  const inputs = { input_ids: pick(cases, "input_ids"), input_ids_2: pick(cases, "input_ids_2") };
  return runGraph(graph, fixtures, inputs);
}

/** [B, L, D] and [B, L, E] → [B, L, D+E] */
function joined(a: TestTensor, b: TestTensor): TestTensor {
  const [batch = 0, length = 0, d = 0] = a.shape;
  const e = b.shape[2] ?? 0;
  const data = new Float32Array(batch * length * (d + e));
  for (let i = 0; i < batch * length; i++) {
    data.set(Float32Array.from(a.data.subarray(i * d, (i + 1) * d), Number), i * (d + e));
    data.set(Float32Array.from(b.data.subarray(i * e, (i + 1) * e), Number), i * (d + e) + d);
  }
  return { data, shape: [batch, length, d + e] };
}

it.each(["last_normed", "penultimate"] as const)("gives the hidden states of transformers: %s", async (which) => {
  expectClose(await encodeOne("text_encoder", which, pick(cases, "input_ids")), cases.get(which), tolerance);
  const second = await encodeOne("text_encoder_2", which, pick(cases, "input_ids_2"));
  expectClose(second, cases.get(`${which}_2`), tolerance);
});

it.each(["last_normed", "penultimate"] as const)("joins two encoders' hidden states: %s", async (which) => {
  const outputs = await encodeBoth(which);
  expectClose(outputs.get("hidden_states"), joined(pick(cases, which), pick(cases, `${which}_2`)), tolerance);
});

it("pools at the highest id where the config says 2, else at the first end of text", async () => {
  const old = await encodeBoth("penultimate");
  expectClose(old.get("pooled"), cases.get("pooled_highest_id"), tolerance);
  const current = await encodeBoth("penultimate", { eos_token_id: 50 });
  expectClose(current.get("pooled"), cases.get("pooled_first_eos"), tolerance);
});

it("looks at earlier tokens only", async () => {
  const ids = Array.from(pick(cases, "input_ids").data.subarray(0, 11), Number);
  const before = await encodeOne("text_encoder", "last_normed", integers([1, 11], ids));
  const after = await encodeOne("text_encoder", "last_normed", integers([1, 11], ids.with(6, 30)));
  const width = 24;
  const part = (t: TestTensor, from: number, to: number) => ({
    data: Float32Array.from(t.data.subarray(from * width, to * width), Number),
    shape: [to - from, width],
  });
  expect(worstElement(part(before, 0, 6), part(after, 0, 6)).error).toBe(0);
  expect(worstElement(part(before, 6, 7), part(after, 6, 7)).error).toBeGreaterThan(0.1);
  expect(worstElement(part(before, 7, 11), part(after, 7, 11)).error).toBeGreaterThan(0.01);
});

it("leaves out layers that nothing needs", async () => {
  const graph = new Graph("text");
  buildText(await encoder(graph, "text_encoder"), undefined, "penultimate");
  const used = graph.operations.flatMap((node) => node.inputs).map((x) => (x === "" ? "" : x.name));
  expect(used.filter((name) => name.includes("layers.1."))).not.toEqual([]);
  expect(used.filter((name) => name.includes("layers.2.") || name.includes("final_layer_norm"))).toEqual([]);
});

it("refuses what it cannot run", async () => {
  const config = { hidden_act: "relu" };
  await expect(encodeBoth("penultimate", config)).rejects.toThrow(/text_encoder_2\/config\.json: hidden_act: .*"relu"/);
  await expect(encodeBoth("penultimate", { architectures: ["CLIPTextModel"] })).rejects.toThrow(
    "expected CLIPTextModelWithProjection",
  );
  await expect(encodeBoth("penultimate", { max_position_embeddings: 12 })).rejects.toThrow("expected 11");
  await expect(encodeBoth("penultimate", { num_attention_heads: 5 })).rejects.toThrow("does not divide into 5 heads");
});
