import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openModel } from "../../server/engine/openModel.ts";
import { modelsDir } from "../../server/engine/packages.ts";

const weights = "ip_adapter.safetensors";
const size = { width: 256, height: 256 };
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-model-"));
  // also those that another test is just writing
  const isGraph = /\.onnx|compiled\.json/;
  await cp(join(modelsDir(), "mini"), dir, { recursive: true, filter: (path) => !isGraph.test(path) });
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test("truncated weights are refused when the model is opened", async () => {
  const size = (await readFile(join(dir, weights))).length;
  await truncate(join(dir, weights), size - 4);
  await expect(openModel(dir, { provider: "cpu" })).rejects.toMatchObject({
    code: "model_corrupt",
    message: expect.stringContaining(`expected ${size} bytes, got ${size - 4}`),
  });
});

test("weights of the right size with a foreign tensor are refused when a graph is made of them", async () => {
  const bytes = await readFile(join(dir, weights));
  const at = bytes.indexOf("image_proj.latents");
  bytes.write("other_proj", at);
  await writeFile(join(dir, weights), bytes);
  const model = await openModel(dir, { provider: "cpu" });
  await expect(model.prepare([size], size)).rejects.toMatchObject({
    code: "model_corrupt",
    message: expect.stringContaining("other_proj.latents"),
  });
  await model.dispose();
});

test("a package whose depth does not fit its ControlNet is refused, and no graph is left behind", async () => {
  const path = join(dir, "backdrop.json");
  await writeFile(path, (await readFile(path, "utf8")).replace('"stacked"', '"composite"'));
  const model = await openModel(dir, { provider: "cpu" });
  await expect(model.prepare([size], size)).rejects.toMatchObject({
    code: "model_corrupt",
    message: expect.stringContaining("conditioning_channels: expected 3"),
  });
  expect((await readdir(dir)).filter((name) => /\.onnx|compiled\.json/.test(name))).toEqual([]);
  await model.dispose();
});

test("a provider that is not here is refused", async () => {
  await expect(openModel(dir, { provider: process.platform === "darwin" ? "dml" : "coreml" })).rejects.toMatchObject({
    code: "invalid_params",
    message: expect.stringContaining("cpu"),
  });
});

test("each graph is loaded once; wrong inputs fail with our error", async () => {
  const model = await openModel(dir, { provider: "auto" });
  const inputs = { input_ids: { data: new BigInt64Array(40), dims: [1, 40] } };
  const [first, second] = [await model.run({ graph: "text" }, inputs), await model.run({ graph: "text" }, inputs)];
  expect(first).toEqual(second);
  await expect(model.run({ graph: "text" }, {})).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("text-cpu-fp32.onnx"),
  });
  await model.dispose();
});
