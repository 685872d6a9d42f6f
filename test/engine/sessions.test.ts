import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileGraphs } from "../../server/checkpoint/compile.ts";
import { graphsForSize, type VaeTile } from "../../server/checkpoint/graphRequest.ts";
import { graphNeed, inTurnBytes, type SessionNeed, sessionNeed } from "../../server/engine/memoryPlan.ts";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { vaeTile } from "../../server/pipeline/autoencoder.ts";
import { latentDims } from "../../server/pipeline/latents.ts";
import { listProviders } from "../../server/runtime/providers.ts";
import { zeros } from "../../server/runtime/tensor.ts";

const work = { width: 64, height: 64 };
const large = { width: 1024, height: 1024 };
let dir: string;
/** of the graphs of a job at this size, as planned */
let needs: readonly SessionNeed[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-sessions-"));
  await cp(join(modelsDir(), "mini"), dir, { recursive: true, filter: (path) => !/\.onnx|compiled\.json/.test(path) });
  needs = (await compileGraphs(dir, graphsForSize(work))).map(({ memory }) => sessionNeed(memory));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const open = (bytes: number) => openModel(dir, { provider: "cpu", availableMemory: async () => bytes });

/** All graphs but those that the others' inputs come from, in the order of a job. */
async function run(model: OpenModel) {
  const text = { input_ids: { data: new BigInt64Array(40), dims: [1, 40] } };
  return [
    await model.run({ graph: "text" }, text),
    await model.run({ graph: "depth" }, { pixel_values: zeros([1, 3, 224, 224]) }),
    await model.run({ graph: "vae_encoder", ...work }, { image: zeros([1, 3, 64, 64]) }),
    await model.run({ graph: "vae_decoder", ...work }, { latents: zeros(latentDims(work)) }),
    await model.run({ graph: "text" }, text),
  ];
}

test("graphs that do not fit together are opened in turn and compute the same", async () => {
  const together = await open(1e12);
  const inTurn = await open(inTurnBytes(needs) + 1e6);
  expect(await together.prepare([work], work)).toEqual({});
  expect(await inTurn.prepare([work], work)).toEqual({});
  expect(await run(inTurn)).toEqual(await run(together));
  await together.dispose();
  await inTurn.dispose();
});

test("a job that paints two sizes is planned as one, and runs at both", async () => {
  const finer = { width: 128, height: 128 };
  const both = [...needs, ...(await compileGraphs(dir, graphsForSize(finer))).map(({ memory }) => sessionNeed(memory))];
  const opened = async (bytes: number) => {
    const model = await open(bytes);
    try {
      expect(await model.prepare([work, finer], finer)).toEqual({});
      for (const size of [work, finer, work]) {
        await model.run({ graph: "vae_decoder", ...size }, { latents: zeros(latentDims(size)) });
      }
    } finally {
      await model.dispose();
    }
  };
  await opened(1e12);
  await opened(inTurnBytes(both) + 1e6);
  await expect(opened(inTurnBytes(both) / 2)).rejects.toMatchObject({ code: "memory_insufficient" });
});

test("an AutoencoderKL that is too large works in tiles, whose graphs take less, and is told of what", async () => {
  const folder = await mkdtemp(join(tmpdir(), "backdrop-tiles-"));
  await cp(fileURLToPath(new URL("../fixtures/pipelines/sdxl/", import.meta.url)), folder, { recursive: true });
  const statistics = { encoder: [4, 4], decoder: [9, 4] } as const;
  const bytesOf = async (tile?: VaeTile) => {
    const compiled = await compileGraphs(folder, graphsForSize(large, tile));
    return inTurnBytes(compiled.map(({ memory }) => sessionNeed(memory))) + 24 * large.width * large.height;
  };
  const [whole, tiled] = [await bytesOf(), await bytesOf(vaeTile(large, statistics))];
  const plan = async (bytes: number) => {
    const model = await openModel(folder, { provider: "cpu", availableMemory: async () => bytes });
    return await model.prepare([large], large).finally(() => model.dispose());
  };
  expect(await plan(whole + 1e3)).toEqual({});
  expect(await plan(whole - 1e3)).toEqual({ tiled: { statistics } });
  expect(await plan(tiled + 1e3)).toEqual({ tiled: { statistics } });
  await expect(plan(tiled - 1e3)).rejects.toMatchObject({ code: "memory_insufficient" });
  expect((await readdir(folder)).filter((name) => name.startsWith("vae_decoder"))).toEqual([
    "vae_decoder-1024x1024-cpu-fp32.onnx",
    "vae_decoder_start-1024x1024-cpu-fp32.onnx",
    "vae_decoder_tile-512x512-cpu-fp32.onnx",
  ]);
  await rm(folder, { recursive: true, force: true });
});

test("what does not even fit in turn is refused before anything is loaded", async () => {
  const model = await open(inTurnBytes(needs) / 2);
  await expect(model.prepare([work], work)).rejects.toMatchObject({
    code: "memory_insufficient",
    message: expect.stringMatching(/mini at 64×64 needs 0\.\d\d GB.*no size fits/),
  });
  await model.dispose();
});

test("a frame that is too large for what is left is refused with the size that fits", async () => {
  const frame = { width: 4096, height: 4096 };
  const available = inTurnBytes(needs) + 100e6;
  const model = await open(available);
  await expect(model.prepare([work], frame)).rejects.toMatchObject({
    code: "memory_insufficient",
    message: expect.stringContaining("the largest size of this shape that fits is 2041×2041"),
  });
  await model.dispose();
});

test("a refusal compiles no smaller frame where smaller pictures are enough", async () => {
  const fresh = await mkdtemp(join(tmpdir(), "backdrop-refusal-"));
  await cp(dir, fresh, { recursive: true, filter: (path) => !/\.onnx|compiled\.json/.test(path) });
  const model = await openModel(fresh, { provider: "cpu", availableMemory: async () => 900e6 });
  await expect(model.prepare([large], { width: 4096, height: 4096 })).rejects.toMatchObject({
    message: expect.stringMatching(/fits is \d{4}×/),
  });
  expect((await readdir(fresh)).filter((name) => name.startsWith("denoiser-"))).toHaveLength(1);
  await rm(fresh, { recursive: true, force: true });
});

// The plan comes before anything is loaded, so that it needs no device. Where the graphs fit together they are loaded at once.
describe.runIf(listProviders().some(({ name }) => name === "webgpu"))("on a GPU", () => {
  async function plan(precision: "fp32" | "fp16", deviceBytes: number) {
    const options = { provider: "webgpu", precision, availableMemory: async () => 1e12 } as const;
    const model = await openModel(dir, { ...options, deviceMemory: async () => deviceBytes });
    return await model.prepare([large], large).finally(() => model.dispose());
  }

  /** What the denoiser and the decoder of this size take of the device, as planned. */
  async function deviceNeeds(precision: "fp32" | "fp16") {
    const target = { provider: "webgpu", precision, operators: "plain" } as const;
    const compiled = await compileGraphs(dir, graphsForSize(large), target);
    const needOf = (graph: string) => {
      const found = compiled.find(({ request }) => request.graph === graph);
      if (found === undefined) throw new Error(`there is no ${graph}`);
      return { ...found.memory, heldBytes: graphNeed(found.memory, "webgpu").device.heldBytes };
    };
    return { denoiser: needOf("denoiser"), decoder: needOf("vae_decoder") };
  }

  test("the denoiser's weights are half as large in float16, the decoder's are not", async () => {
    const [exact, half] = [await deviceNeeds("fp32"), await deviceNeeds("fp16")];
    expect(half.denoiser.weightsBytes / exact.denoiser.weightsBytes).toBeCloseTo(0.5, 1);
    expect(half.decoder).toEqual(exact.decoder);
  });

  test("graphs go in turn where the largest fits on the device alone, and else the job is refused before anything is loaded", async () => {
    const driver = 500e6;
    const { denoiser, decoder } = await deviceNeeds("fp16");
    expect(denoiser.heldBytes).toBeGreaterThan(decoder.heldBytes);
    expect(await plan("fp16", driver + denoiser.heldBytes)).toEqual({});
    await expect(plan("fp16", driver + denoiser.heldBytes - 1)).rejects.toMatchObject({
      code: "memory_insufficient",
      message: expect.stringMatching(
        /mini at 1024×1024 needs \d\.\d\d GB of GPU memory even part by part.*fits is 256×256$/,
      ),
    });
    await expect(plan("fp16", 0)).rejects.toMatchObject({ message: expect.stringContaining("no size fits") });
  });
});
