import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as ort from "onnxruntime-node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGraph } from "../../server/checkpoint/buildGraph.ts";
import { openCheckpoint } from "../../server/checkpoint/checkpoint.ts";
import { type GraphRequest, graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { measuredTarget, rememberOperators } from "../../server/engine/measuredOperators.ts";
import { openModel } from "../../server/engine/openModel.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { Graph, type Value } from "../../server/onnx/graph.ts";
import { attention, groupNorm, layerNorm } from "../../server/onnx/nn.ts";
import { cast, mul } from "../../server/onnx/ops.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob } from "../../server/pipeline/job.ts";
import { type Precision, referenceTarget, type Target } from "../../shared/providers.ts";
import { parseSettings } from "../../shared/settings.ts";
import { command, workspace } from "../cli/command.ts";
import { temporaryHome } from "../home/temporaryHome.ts";
import { paint, png } from "../image/makePictures.ts";
import { floats, noise, openGraph, relativeError, someInputs, type TestTensor } from "../networks/support.ts";

// Graphs as they are written for WebGPU, run on a WebGPU device whole (nothing falls back to the CPU) and compared with the CPU's.
// A GPU is not needed: any Vulkan device will do, such as Mesa's llvmpipe, which computes in real half precision.
// Skipped where there is none.

temporaryHome();
const dir = join(modelsDir(), "mini");
const onGpu: ort.InferenceSession.SessionOptions = {
  executionProviders: ["webgpu"],
  extra: { session: { disable_cpu_ep_fallback: "1" } },
  logSeverityLevel: 4,
};
const plain: Target = { provider: "webgpu", precision: "fp32", operators: "plain" };
const half: Target = { ...plain, precision: "fp16" };
const [hasDevice, hasHalf] = [await canRun("fp32"), await canRun("fp16")];

/** Whether there is a device that computes in this precision. Where one is expected, as in CI, its absence is a failure. */
async function canRun(precision: Precision): Promise<boolean> {
  try {
    const y = await run(doubled({ ...plain, precision }), floats([1, 3], [1, 2, 3]), onGpu);
    return Array.from(y.data, Number).join() === "2,4,6";
  } catch (error) {
    if (process.env.BACKDROP_EXPECT_WEBGPU) throw error;
    return false;
  }
}

function doubled(target: Target): Graph {
  return graphOf(target, [1, 3], (x) => mul(x, 2));
}

function graphOf(target: Target, shape: readonly number[], formula: (x: Value) => Value): Graph {
  const graph = new Graph("test", target);
  const x = graph.input("x", "float32", shape);
  graph.output("y", cast(formula(cast(x, graph.float)), "float32"));
  return graph;
}

async function run(
  graph: Graph,
  x: TestTensor,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<TestTensor> {
  return await runWith(graph, { x }, undefined, options);
}

async function runWith(
  graph: Graph,
  inputs: Readonly<Record<string, TestTensor>>,
  weights: string | undefined,
  options: ort.InferenceSession.SessionOptions,
): Promise<TestTensor> {
  const session = await openGraph(graph, weights, options);
  try {
    const [output] = (await session.run(inputs)).values();
    if (output === undefined) throw new Error("the graph has no output");
    return output;
  } finally {
    await session.close();
  }
}

async function predict(request: GraphRequest, target: Target): Promise<TestTensor> {
  const graph = await buildGraph(await openCheckpoint(dir), request, target);
  const inputs = someInputs(graph, { timestep: 991, image_scale: 1, control_scale: 1, fusion: 1, patch_mask: 1 });
  return await runWith(graph, inputs, dir, target.provider === "cpu" ? {} : onGpu);
}

describe.skipIf(!hasDevice)("on WebGPU", () => {
  const size = { width: 128, height: 128 };

  // Text is on the CPU on purpose.
  test.each(graphsForSize(size).filter(({ graph }) => graph !== "text"))(
    "$graph computes what it computes on the CPU",
    async (request) => {
      const exact = await predict(request, referenceTarget);
      const found = await predict(request, plain);
      expect(relativeError(exact, found)).toBeLessThan(1e-5);
    },
  );

  test("attention of many queries, which the runtime's own operator gets wrong on small subgroups", async () => {
    const x = noise([2, 256, 64], 3);
    const formula = (value: Value) => attention(value, mul(value, 0.7), mul(value, 1.3), 2);
    const exact = await run(graphOf(referenceTarget, x.shape, formula), x);
    const found = await run(graphOf(plain, x.shape, formula), x, onGpu);
    expect(relativeError(exact, found)).toBeLessThan(1e-5);
  });

  // In software, subgroups have 4 or 8 lanes, where the runtime's fused attention is really wrong.
  test("doctor finds the fused operators wrong on this device, and jobs get plain ones from then on", async () => {
    await rememberOperators("webgpu", [{ precision: "fp32", operators: "fused" }]);
    expect(await denoisersOfJob()).toEqual([expect.stringMatching(/-webgpu-fp32-fused\.onnx$/)]);

    const { exitCode, events } = await command(["doctor", "--provider", "webgpu", "--json"]);
    expect(exitCode).toBe(0);
    const finding = { type: "finding", about: "webgpu in fp32 with plain operators", ok: true };
    const right = /^differs from the CPU by 0\.00\d+ %; a step of the embedded model takes \d+ ms/;
    expect(events()).toContainEqual({ ...finding, found: expect.stringMatching(right) });
    const wrong = /^wrong here, attention differs from the CPU's by \d\.?\d* %: plain operators are used instead$/;
    expect(events()).toContainEqual(
      expect.objectContaining({ about: "webgpu in fp32 with fused operators", found: expect.stringMatching(wrong) }),
    );

    const choice = { provider: "webgpu", precision: "fp32" } as const;
    expect(await measuredTarget(choice)).toEqual({ ...choice, operators: "plain" });
    expect(await denoisersOfJob()).toEqual([expect.stringMatching(/-webgpu-fp32-plain\.onnx$/)]);
  });

  /** What `generate` compiles of denoisers; it is stopped then: software is slow. */
  async function denoisersOfJob(): Promise<readonly string[]> {
    const place = await workspace();
    const fresh = join(place.dir, "fresh");
    const denoisers = async () => (await readdir(fresh)).filter((file) => /^denoiser.*onnx$/.test(file));
    const stop = new AbortController();
    const timer = setInterval(async () => (await denoisers()).length > 0 && stop.abort(), 100);
    try {
      await copyUncompiled(fresh);
      const pictures = ["--product", place.product, "--reference", place.reference, "--out", place.out];
      const job = ["generate", ...pictures, "--model", fresh, "--provider", "webgpu"];
      expect(await command(job, stop.signal)).toMatchObject({ exitCode: 130 });
      return await denoisers();
    } finally {
      clearInterval(timer);
      await place.remove();
    }
  }

  test("a whole job paints the CPU's picture", async () => {
    const [onCpu, found] = [await paintWith({ provider: "cpu" }), await paintWith({ provider: "webgpu" })];
    expect(psnr(onCpu, found)).toBeGreaterThan(50);
  });

  describe.skipIf(!hasHalf)("in half precision", () => {
    test("the denoiser is within 1 % of float32, and not the same", async () => {
      const request = { graph: "denoiser", ...size } as const;
      const exact = await predict(request, referenceTarget);
      const error = relativeError(exact, await predict(request, half));
      expect(error).toBeLessThan(0.01);
      expect(error).toBeGreaterThan(1e-5);
    });

    test("a whole job paints nearly the same picture", async () => {
      const [exact, half] = [
        await paintWith({ provider: "cpu" }),
        await paintWith({ provider: "webgpu", precision: "fp16" }),
      ];
      expect(psnr(exact, half)).toBeGreaterThan(35);
    });

    test("the device does overflow where a formula lets it", async () => {
      const x = floats([1, 3], [1, 300, 1000]);
      const { data } = await run(
        graphOf(half, x.shape, (v) => mul(v, v)),
        x,
        onGpu,
      );
      expect(Array.from(data, Number)).toEqual([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    });

    // Half precision ends at 65504. Each of these has squares, sums or products beyond it on the way.
    const ones = (x: Value, count: number, value = 1) =>
      cast(x.graph.constant(new Float32Array(count).fill(value), [count]), x.type);
    test.each<readonly [string, readonly number[], number, (x: Value) => Value]>([
      [
        "layer norm of values around 1000",
        [2, 16, 320],
        1000,
        (x) => layerNorm(x, ones(x, 320), ones(x, 320, 0), 1e-5),
      ],
      [
        "group norm of values around 1000 in groups of 40 960",
        [1, 320, 64, 64],
        1000,
        (x) => groupNorm(x, ones(x, 320), ones(x, 320, 0), 32, 1e-5),
      ],
      ["attention whose scores are beyond it before they are scaled", [1, 64, 128], 40, (x) => attention(x, x, x, 1)],
    ])("%s does not overflow", async (_, shape, magnitude, formula) => {
      const values = Array.from(noise(shape, 5).data, Number);
      const x = floats(
        shape,
        values.map((value) => value * magnitude),
      );
      const exact = await run(graphOf(referenceTarget, shape, formula), x);
      const found = await run(graphOf(half, shape, formula), x, onGpu);
      expect(relativeError(exact, found)).toBeLessThan(0.01);
    });
  });

  let copy: string;
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), "backdrop-webgpu-"));
    await copyUncompiled(copy);
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  async function paintWith(options: { provider: "cpu" | "webgpu"; precision?: Precision }): Promise<Uint8Array> {
    const model = await openModel(copy, options);
    try {
      const product = await png(paint(256, 256, (x, y) => [200, 60, 40, Math.hypot(x - 128, y - 128) < 50 ? 255 : 0]));
      const reference = await png(paint(256, 256, (x, y) => [x, y, 128, 255]));
      const settings = parseSettings({ prompt: "a wooden table", steps: 3, strength: 1, seed: 5 });
      const job = await decodeJob(
        { product: { name: "product", bytes: product }, reference: { name: "reference", bytes: reference } },
        { ...settings, seed: 5 },
      );
      const { variants } = await generate(model, job);
      return await sharp(variants[0]?.background).removeAlpha().raw().toBuffer();
    } finally {
      await model.dispose();
    }
  }
});

async function copyUncompiled(to: string): Promise<void> {
  await cp(dir, to, { recursive: true, filter: (path) => !/\.onnx|compiled\.json/.test(path) });
}

/** dB */
function psnr(a: Uint8Array, b: Uint8Array): number {
  const squares = a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.length));
}
