import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { findHelper } from "../../server/assist/helperPackage.ts";
import { compileGraphs } from "../../server/checkpoint/compile.ts";
import { graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { findDepthHelper } from "../../server/engine/depthHelper.ts";
import { inTurnBytes, sessionNeed } from "../../server/engine/memoryPlan.ts";
import { openModel } from "../../server/engine/openModel.ts";
import { findPackage } from "../../server/engine/packages.ts";
import { depthAnything } from "../../server/install/catalogue/helpers.ts";
import { floats, zeros } from "../../server/runtime/tensor.ts";
import { writeHollowWeights } from "../checkpoint/hollowWeights.ts";
import { temporaryHome } from "../home/temporaryHome.ts";
import { installTinyDepth, tinySidePx } from "../install/tinyDepth.ts";
import { expectClose, pick, readFixture } from "../networks/support.ts";

// Which network estimates depth: the helper's for a model that has only a stand-in, memory allowing, and else the model's own.

const home = temporaryHome();
const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const modelsDir = () => join(home(), "models");
const work = { width: 64, height: 64 };

test("lent to the embedded model, it estimates what transformers estimates", async () => {
  await installTinyDepth(modelsDir());
  const cases = await readFixture(join(fixtures, "networks/depth/cases.safetensors"));
  const pixels = floats(Float32Array.from(pick(cases, "pixel_values").data, Number), [2, 3, tinySidePx, tinySidePx]);
  const model = await openModel("mini", { provider: "cpu", depthHelper: await findDepthHelper("mini") });
  try {
    const { depth } = await model.run({ graph: "depth" }, { pixel_values: pixels });
    if (!(depth?.data instanceof Float32Array)) throw new Error("expected floats");
    expectClose({ data: depth.data, shape: depth.dims }, cases.get("depth"), 2e-4);
  } finally {
    await model.dispose();
  }
});

test("a model that has the network itself takes no other", async () => {
  await installTinyDepth(modelsDir());
  expect(await findHelper("depth", [modelsDir()])).toMatchObject({ name: "depth-anything" });
  expect(await findDepthHelper(join(fixtures, "pipelines/sdxl"))).toBeUndefined();
});

test("a damaged one is told as one, with what to do", async () => {
  const { dir } = await installTinyDepth(modelsDir());
  await rm(join(dir, "depth/model.safetensors"));
  await expect(findDepthHelper("mini")).rejects.toMatchObject({
    code: "model_corrupt",
    message: expect.stringMatching(/depth-anything, depth\/model\.safetensors: is missing; install/),
  });
});

test("its graph is compiled in its own folder for every target, in float32, and the model's is not", async () => {
  const { dir } = await installTinyDepth(modelsDir());
  const helper = await findDepthHelper("mini");
  for (const [provider, operators, name] of [
    ["cpu", "fused", "depth-cpu-fp32.onnx"],
    ["webgpu", "plain", "depth-webgpu-fp32-plain.onnx"],
    ["webgpu", "fused", "depth-webgpu-fp32-fused.onnx"],
    ["dml", "fused", "depth-dml-fp32-fused.onnx"],
    ["cuda", "plain", "depth-cuda-fp32-plain.onnx"],
    ["coreml", "plain", "depth-coreml-fp32.onnx"],
  ] as const) {
    const target = { provider, precision: "fp16", operators } as const;
    const compiled = await compileGraphs(await findPackage("mini"), graphsForSize(work), target, helper);
    expect(compiled).toHaveLength(graphsForSize(work).length);
    const files = compiled.filter(({ request }) => request.graph === "depth").map(({ file }) => file);
    expect(files).toEqual([join(dir, name)]);
    expect(await readdir(dir)).toContain(name);
  }
});

// As large as the published network, so that it is the largest of all graphs; of holes in a sparse file.
test.skipIf(process.platform === "win32")(
  "memory is planned with it and without what it replaces; where that is too much, the model's own estimates depth",
  async () => {
    await writeHollowDepthAnything(join(modelsDir(), "depth-anything"));
    const depthHelper = await findDepthHelper("mini");
    const needsOf = async (helper: typeof depthHelper) => {
      const compiled = await compileGraphs(await findPackage("mini"), graphsForSize(work), undefined, helper);
      return compiled.map(({ memory }) => sessionNeed(memory));
    };
    const [own, lent] = [inTurnBytes(await needsOf(undefined)), inTurnBytes(await needsOf(depthHelper))];
    expect(lent).toBeGreaterThan(own + 100e6);

    let available = lent + 1e6;
    const model = await openModel("mini", { provider: "cpu", depthHelper, availableMemory: async () => available });
    const depthOf = (side: number) => model.run({ graph: "depth" }, { pixel_values: zeros([1, 3, side, side]) });
    try {
      expect(await model.prepare([work], work)).toEqual({});
      available = lent - 1e6;
      expect(await model.prepare([work], work)).toEqual({ withoutDepthHelper: true });
      expect((await depthOf(224)).depth?.dims).toEqual([1, 224, 224]);
      available = own / 2;
      await expect(model.prepare([work], work)).rejects.toMatchObject({ code: "memory_insufficient" });
      available = 1e12;
      expect(await model.prepare([work], work)).toEqual({});
      expect((await depthOf(518)).depth?.dims).toEqual([1, 518, 518]);
    } finally {
      await model.dispose();
    }
  },
);

async function writeHollowDepthAnything(dir: string): Promise<void> {
  const encoders = JSON.parse(
    gunzipSync(await readFile(join(fixtures, "networks/published/encoders.json.gz"))).toString(),
  );
  const { config, tensors } = encoders.depth_small;
  await mkdir(join(dir, "depth"), { recursive: true });
  await writeFile(join(dir, "depth/config.json"), JSON.stringify(config));
  await writeHollowWeights(join(dir, "depth/model.safetensors"), tensors);
  const paths = ["depth/config.json", "depth/model.safetensors"];
  const files = await Promise.all(
    paths.map(async (path) => ({ path, sizeBytes: (await readFile(join(dir, path))).length, sha256: "0".repeat(64) })),
  );
  await writeFile(join(dir, "helper.json"), JSON.stringify({ ...depthAnything.description, files }));
}
