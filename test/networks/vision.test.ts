import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import {
  type DroppedPatches,
  parseVisionConfig,
  type VisionHiddenState,
  visionTokens,
} from "../../server/networks/clipVision.ts";
import { readCompressionConfig } from "../../server/networks/tokenCompression.ts";
import { buildVision } from "../../server/networks/vision.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope, type Weights } from "../../server/onnx/scope.ts";
import { expectClose, floats, pick, readFixture, runGraph, type TestTensor, worstElement } from "./support.ts";

const fixtures = fileURLToPath(new URL("../fixtures/networks/", import.meta.url));
const tolerance = 2e-4;
const hiddenStates = ["last", "penultimate"] as const;
const modes = ["zero", "exclude"] as const;
const compressions = ["linear", "resampler"] as const;
const cases = await readFixture(`${fixtures}compression/cases.safetensors`);
const inputs = { pixel_values: pick(cases, "pixel_values"), patch_mask: pick(cases, "patch_mask") };

async function encoder(graph: Graph, folder: string) {
  const config = parseVisionConfig(JSON.parse(await readFile(`${folder}/image_encoder/config.json`, "utf8")));
  const file = "image_encoder/model.safetensors";
  return { scope: new Scope(graph, await readSafetensors(`${folder}/${file}`, file), "image_encoder"), config };
}

/** Hidden states without compression. */
async function encode(
  folder: string,
  hiddenState: VisionHiddenState,
  droppedPatches: DroppedPatches,
  { pixel_values, patch_mask }: typeof inputs,
): Promise<TestTensor> {
  const graph = new Graph("vision");
  const { scope, config } = await encoder(graph, folder);
  const pixels = graph.input("pixel_values", "float32", ["B", ...pixel_values.shape.slice(1)]);
  const mask = graph.input("patch_mask", "float32", ["B", ...patch_mask.shape.slice(1)]);
  graph.output("hidden", visionTokens(scope, pixels, mask, config, { hiddenState, droppedPatches }).hidden);
  scope.finish();
  return pick(await runGraph(graph, folder, { pixel_values, patch_mask }), "hidden");
}

/** The whole `vision` graph. */
async function imageTokens(
  compression: (typeof compressions)[number],
  hiddenState: VisionHiddenState,
  droppedPatches: DroppedPatches,
  given = inputs,
): Promise<TestTensor> {
  const graph = new Graph("vision");
  const folder = `${fixtures}compression`;
  const { scope, config } = await encoder(graph, folder);
  const file = `${compression}/ip_adapter.safetensors`;
  const weights: Weights = await readSafetensors(`${folder}/${file}`, file);
  buildVision(scope, new Scope(graph, weights, "ip_adapter"), {
    encoder: config,
    compression: readCompressionConfig(weights, compression),
    hiddenState,
    droppedPatches,
  });
  return pick(await runGraph(graph, folder, given), "image_tokens");
}

describe("vision encoder", () => {
  it.each(hiddenStates)("gives the hidden states of transformers when all is visible: %s", async (which) => {
    const folder = `${fixtures}clip`;
    const { pixel_values, ...expected } = Object.fromEntries(await readFixture(`${folder}/vision.safetensors`));
    if (!pixel_values) throw new Error("no pixel_values");
    const all = { pixel_values, patch_mask: floats([2, 16], new Float32Array(32).fill(1)) };
    for (const mode of modes) expectClose(await encode(folder, which, mode, all), expected[which], tolerance);
  });

  it.each(hiddenStates)("masks as Eq. 1 and 2 say: zeros stay, %s", async (which) => {
    const hidden = await encode(`${fixtures}compression`, which, "zero", inputs);
    expectClose(hidden, cases.get(`zero.${which}`), tolerance);
  });
});

describe.each(compressions)("image tokens, %s compression", (compression) => {
  describe.each(modes)("dropped patches: %s", (mode) => {
    it.each(hiddenStates)("are the reference's, from hidden state %s", async (which) => {
      const tokens = await imageTokens(compression, which, mode);
      expectClose(tokens, cases.get(`${compression}.${mode}.${which}.image_tokens`), tolerance);
    });

    it("do not depend on the pixels of dropped patches, and do on the others", async () => {
      const tokens = await imageTokens(compression, "last", mode);
      const recoloured = { ...inputs, pixel_values: recolour(inputs, 0) };
      expect(worstElement(await imageTokens(compression, "last", mode, recoloured), tokens).error).toBe(0);
      const shown = { ...inputs, pixel_values: recolour(inputs, 1) };
      expect(worstElement(await imageTokens(compression, "last", mode, shown), tokens).error).toBeGreaterThan(0.1);
    });

    it("depend on the mask", async () => {
      const tokens = await imageTokens(compression, "last", mode);
      const none = { ...inputs, patch_mask: floats([4, 16], new Float32Array(64)) };
      expect(worstElement(await imageTokens(compression, "last", mode, none), tokens).error).toBeGreaterThan(0.1);
    });
  });
});

it("resamples as diffusers does", async () => {
  const tokens = await imageTokens("resampler", "penultimate", "zero");
  expectClose(tokens, cases.get("resampler.diffusers.image_tokens"), tolerance);
});

describe("adapter checkpoint", () => {
  it("of the other kind is refused", async () => {
    const file = "linear/ip_adapter.safetensors";
    const weights = await readSafetensors(`${fixtures}compression/${file}`, file);
    expect(() => readCompressionConfig(weights, "resampler")).toThrow("tokenCompression");
  });

  it("with an unknown tensor is refused", async () => {
    const file = "linear/ip_adapter.safetensors";
    const graph = new Graph("vision");
    const { scope, config } = await encoder(graph, `${fixtures}compression`);
    const weights = await readSafetensors(`${fixtures}compression/${file}`, file);
    const odd = { file, type: "float32" as const, shape: [1], offset: 0, byteLength: 4 };
    const more: Weights = new Map([...weights, ["image_proj.gate", odd]]);
    const compression = readCompressionConfig(more, "linear");
    const build = () =>
      buildVision(scope, new Scope(graph, more, "ip_adapter"), {
        encoder: config,
        compression,
        hiddenState: "last",
        droppedPatches: "exclude",
      });
    expect(build).toThrow("ip_adapter/image_proj.gate: not part of the configured network");
  });
});

/** The pictures with every patch whose mask is `which` in other colours. */
function recolour({ pixel_values, patch_mask }: typeof inputs, which: 0 | 1): TestTensor {
  const [, , height = 0, width = 0] = pixel_values.shape;
  const patch = 8;
  const across = width / patch;
  const values = Array.from(pixel_values.data, Number);
  const data = Float32Array.from(values, (value, i) => {
    const x = i % width;
    const y = Math.floor(i / width) % height;
    const picture = Math.floor(i / (3 * height * width));
    const index = picture * across * across + Math.floor(y / patch) * across + Math.floor(x / patch);
    return Number(patch_mask.data[index]) === which ? 3 - 2 * value : value;
  });
  return { data, shape: pixel_values.shape };
}
