import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import type { NamedTensors, Tensor } from "../../server/runtime/tensor.ts";
import { expectClose, pick, readFixture, type TestTensor } from "../networks/support.ts";

// An adapter that training/train_adapter.py trained on a tiny SDXL package and training/export_adapter.py exported, and what
// the Python model predicts with it: test/fixtures/trainedAdapter/make.py.

const fixture = fileURLToPath(new URL("../fixtures/trainedAdapter/", import.meta.url));
const cases = await readFixture(join(fixture, "cases.safetensors"));
const size = { width: 64, height: 64 };
const tolerance = 2e-4;
const fusions = ["query", "output", "global", "text"] as const;

describe("an adapter that was trained here", () => {
  let model: OpenModel;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "backdrop-adapter-"));
    await cp(join(fixture, "package"), dir, { recursive: true });
    model = await openModel(dir, { provider: "cpu" });
    // Compiles every graph, which refuses a tensor that is missing, misshapen or left over.
    await model.prepare([size], size);
  });
  afterAll(async () => {
    await model?.dispose();
    await rm(dir, { recursive: true, force: true });
  });

  it("makes its own fusion the package's", () => expect(model.package.fusion).toBe("query"));

  it("sees the visible patches as the Python model does", async () => {
    const outputs = await model.run({ graph: "vision" }, given("pixel_values", "patch_mask"));
    expectClose(received(outputs, "image_tokens"), cases.get("image_tokens"), tolerance);
  });

  it("reads the text as the Python model does", async () => {
    const outputs = await model.run({ graph: "text" }, given("input_ids", "input_ids_2"));
    expectClose(received(outputs, "hidden_states"), cases.get("hidden_states"), tolerance);
    expectClose(received(outputs, "pooled"), cases.get("pooled"), tolerance);
  });

  it.each(fusions)("predicts what the Python model predicts: %s", async (fusion) => {
    const { control_embedding } = await model.run({ graph: "control", ...size }, given("control_image"));
    if (!control_embedding) throw new Error("no control embedding");
    const outputs = await model.run(
      { graph: "denoiser", ...size },
      {
        ...given("sample", "timestep", "image_tokens", "query_mask", "time_ids"),
        encoder_hidden_states: tensor("hidden_states"),
        text_embeds: tensor("pooled"),
        fusion: tensor(`${fusion}.fusion`),
        image_scale: tensor(`${fusion}.image_scale`),
        control_embedding,
        control_scale: { data: Float32Array.of(1), dims: [1] },
      },
    );
    expectClose(received(outputs, "noise_prediction"), cases.get(`${fusion}.noise_prediction`), tolerance);
  });

  it("is compared where it has an effect that is large beside the tolerance", () => {
    const without = prediction("text");
    for (const fusion of ["query", "output", "global"]) {
      const effect = prediction(fusion).map((value, i) => Math.abs(value - (without[i] ?? 0)));
      expect(Math.max(...effect)).toBeGreaterThan(100 * tolerance);
    }
  });
});

function prediction(fusion: string): Float32Array {
  const { data } = tensor(`${fusion}.noise_prediction`);
  if (data instanceof Float32Array) return data;
  throw new Error("predictions are floats");
}

/** Cases by the names of a graph's inputs. */
function given(...names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, tensor(name)]));
}

function tensor(name: string): Tensor {
  const { data, shape } = pick(cases, name);
  if (data instanceof Float32Array) return { data, dims: shape };
  if (data instanceof BigInt64Array) return { data, dims: shape };
  throw new Error(`${name}: expected floats or integers`);
}

function received(outputs: NamedTensors, name: string): TestTensor {
  const output = outputs[name];
  if (!output) throw new Error(`no output ${name}`);
  return { data: output.data, shape: output.dims };
}
