import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { attentionGraph } from "../../server/checkpoint/attentionGraph.ts";
import { openCheckpoint } from "../../server/checkpoint/checkpoint.ts";
import { gateGraph, gateInput } from "../../server/checkpoint/gateGraph.ts";
import { buildDenoiser } from "../../server/networks/denoiser.ts";
import { readCompressionConfig } from "../../server/networks/tokenCompression.ts";
import { parseControlNetConfig, parseUNetConfig } from "../../server/networks/unetConfig.ts";
import { Graph, size, type Value } from "../../server/onnx/graph.ts";
import { fromNchw, joinChannels, toNchw, toPicture, toPixel, toSequence } from "../../server/onnx/layout.ts";
import * as nn from "../../server/onnx/nn.ts";
import { add, cast, mul } from "../../server/onnx/ops.ts";
import { Scope } from "../../server/onnx/scope.ts";
import type { Layout } from "../../server/onnx/shape.ts";
import { type Precision, referenceTarget, type Target } from "../../shared/providers.ts";
import {
  expectClose,
  floats,
  noise,
  openGraph,
  pick,
  relativeError,
  runGraph,
  someInputs,
  type TestTensor,
} from "./support.ts";
import { denoiserGraph, inputsOf, latent, load } from "./unetFixtures.ts";
import { WrittenOutGraph } from "./writtenOutGraph.ts";

// The graphs for CUDA and DirectML, without such a GPU: their operators written out from their definitions, run on the CPU, against
// the CPU's own graphs and against diffusers; and as they are, refused for want of a kernel and nothing else.

/** Graphs written out have three times the operators, and loading takes long where the machine has other work. */
const timeoutMs = 120_000;

const cuda = { target: { provider: "cuda", precision: "fp32", operators: "fused" }, layout: "NHWC" } as const;
const dml = { target: { provider: "dml", precision: "fp32", operators: "fused" }, layout: "NCHW" } as const;

interface Form {
  readonly target: Target;
  readonly layout: Layout;
}

const constant = (x: Value, shape: readonly number[], seed: number) =>
  cast(x.graph.constant(Float32Array.from(noise(shape, seed).data, Number), shape), x.type);
const norm =
  (groups: number, activation: nn.Activation): Formula =>
  (x, channels) =>
    nn.groupNorm(x, constant(x, [channels], 7), constant(x, [channels], 8), groups, 1e-5, activation);
const conv =
  (kernel: number, options: nn.Convolution): Formula =>
  (x, channels) =>
    nn.conv2d(x, constant(x, [4, channels, kernel, kernel], 7), constant(x, [4], 8), options);
const gate = (x: Value) => nn.gatedGelu(x, constant(x, [size(x, -1)], 7));

type Formula = (picture: Value, channels: number) => Value;

test.each<readonly [string, Form, Formula, readonly string[]]>([
  ["a convolution", cuda, conv(3, { padding: 1 }), ["NhwcConv"]],
  ["one of stride 2", cuda, conv(3, { padding: 1, stride: 2 }), ["NhwcConv"]],
  ["one with a side of its own padding each", cuda, conv(3, { padding: [0, 1, 3, 2] }), ["NhwcConv"]],
  ["one of a pixel", cuda, conv(1, {}), ["NhwcConv"]],
  ["group norm", cuda, norm(3, "none"), ["GroupNorm"]],
  ["group norm and silu", cuda, norm(3, "silu"), ["GroupNorm"]],
  ["group norm of groups that CUDA's kernel does not take", cuda, norm(4, "silu"), []],
  ["group norm, channels first", dml, norm(4, "none"), ["GroupNorm"]],
  ["group norm and silu, channels first", dml, norm(4, "silu"), ["GroupNorm"]],
  ["larger pixels", cuda, nn.upsampleNearest2, []],
  ["smaller pixels", cuda, nn.averagePool2, []],
  ["more channels", cuda, (x) => joinChannels(x, mul(x, 2)), []],
  ["a shift of each channel", cuda, (x, channels) => add(x, toPixel(constant(x, [1, channels], 7))), []],
  ["a sequence and back", cuda, (x) => toPicture(mul(toSequence(x), constant(x, [1, 35, 1], 7)), x), []],
])("%s", async (_, { target, layout }, formula, operators) => {
  const shape = [2, 12, 5, 7];
  const build = <G extends Graph>(graph: G): G => {
    const x = graph.input("x", "float32", ["B", ...shape.slice(1)]);
    graph.output("y", toNchw(formula(fromNchw(x), 12)));
    return graph;
  };
  const graph = build(new WrittenOutGraph("test", target, layout));
  expect(graph.writtenOut).toEqual(operators);
  await expectSame(graph, build(new Graph("test")), { x: noise(shape, 1) });
});

test.each([
  ["cuda", 2560, ["BiasSplitGelu"]],
  ["cuda", 2048, []],
  ["dml", 2048, ["BiasSplitGelu"]],
] as const)("the gated gelu on %s, %i wide", async (provider, width, operators) => {
  const build = <G extends Graph>(graph: G): G => {
    const x = graph.input("x", "float32", ["B", 3, width]);
    graph.output("y", gate(x));
    return graph;
  };
  const graph = build(new WrittenOutGraph("test", { ...referenceTarget, provider }));
  expect(graph.writtenOut).toEqual(operators);
  await expectSame(graph, build(new Graph("test")), { x: noise([2, 3, width], 1) });
});

async function expectSame(graph: Graph, exact: Graph, inputs: Readonly<Record<string, TestTensor>>): Promise<void> {
  const [found, expected] = [await runGraph(graph, undefined, inputs), await runGraph(exact, undefined, inputs)];
  expect(pick(found, "y").shape).toEqual(pick(expected, "y").shape);
  expect(relativeError(pick(expected, "y"), pick(found, "y"))).toBeLessThan(1e-6);
}

describe.each(["sd15", "sdxl", "mini"])("the small denoiser of the kind of %s", async (name) => {
  const model = await load(name);
  const predict = async (graph: Graph) => {
    const session = await openGraph(graph, model.folder);
    const [control, masked] = [inputsOf(model, "control"), inputsOf(model, "ip_adapter_mask")];
    const prediction = async (inputs: typeof control) => pick(await session.run(inputs), "noise_prediction");
    const found = { control: await prediction(control), masked: await prediction(masked) };
    await session.close();
    return found;
  };
  const exact = await predict(denoiserGraph(model));
  const compare = async (target: Target, layout: Layout) => {
    const graph = denoiserGraph(model, latent, new WrittenOutGraph("denoiser", target, layout));
    expect(graph.writtenOut).toContain("GroupNorm");
    const found = await predict(graph);
    const errors = [relativeError(exact.control, found.control), relativeError(exact.masked, found.masked)];
    return { found, error: Math.max(...errors) };
  };

  test.each([cuda, dml])(
    "computes for $target.provider what the CPU's graph computes, and diffusers",
    async ({ target, layout }) => {
      const { found, error } = await compare(target, layout);
      expect(error).toBeLessThan(1e-5);
      expectClose(found.control, model.cases.get("control.noise_prediction"), 1e-4);
      expectClose(found.masked, model.cases.get("ip_adapter_mask.noise_prediction"), 1e-4);
    },
    timeoutMs,
  );

  test(
    "computes for CUDA in plain operators, as it is, what the CPU's graph computes, and diffusers",
    async () => {
      const found = await predict(
        denoiserGraph(model, latent, new Graph("denoiser", { ...cuda.target, operators: "plain" })),
      );
      for (const name of ["control", "masked"] as const) {
        expect(relativeError(exact[name], found[name])).toBeLessThan(1e-5);
      }
      expectClose(found.control, model.cases.get("control.noise_prediction"), 1e-4);
      expectClose(found.masked, model.cases.get("ip_adapter_mask.noise_prediction"), 1e-4);
    },
    timeoutMs,
  );

  test(
    "is within 1 % for CUDA in half precision, and not the same",
    async () => {
      const { error } = await compare({ ...cuda.target, precision: "fp16" }, "NHWC");
      expect(error).toBeLessThan(0.01);
      expect(error).toBeGreaterThan(1e-5);
    },
    timeoutMs,
  );

  test.each(["fp32", "fp16"] as const)(
    "lacks nothing but kernels on the CPU in %s",
    async (precision) => {
      const graph = denoiserGraph(model, latent, new Graph("denoiser", { ...cuda.target, precision }, "NHWC"));
      await expect(openGraph(graph, model.folder, { logSeverityLevel: 4 })).rejects.toThrow(lacks("NhwcConv"));
    },
    timeoutMs,
  );
});

test("the embedded model's denoiser computes for CUDA what it computes on the CPU", async () => {
  const dir = fileURLToPath(new URL("../../models/mini/", import.meta.url));
  const checkpoint = await openCheckpoint(dir);
  const { modelPackage } = checkpoint;
  const adapter = await checkpoint.weights("ip_adapter");
  const [unet, controlNet] = [await checkpoint.weights("unet"), await checkpoint.weights("controlnet")];
  const config = {
    unet: parseUNetConfig(await checkpoint.config("unet")),
    controlNet: parseControlNetConfig(await checkpoint.config("controlnet")),
    textTokens: modelPackage.text.maxTokens,
    imageTokens: readCompressionConfig(adapter, modelPackage.tokenCompression).tokens,
  };
  const predict = async (graph: Graph) => {
    const scopes = [new Scope(graph, unet, "unet"), new Scope(graph, controlNet, "controlnet")] as const;
    buildDenoiser(...scopes, new Scope(graph, adapter, "ip_adapter"), config, { width: 12, height: 8 });
    const inputs = someInputs(graph, { timestep: 500, image_scale: 1, control_scale: 1, fusion: 1 });
    return pick(await runGraph(graph, dir, inputs), "noise_prediction");
  };
  const graph = new WrittenOutGraph("denoiser", cuda.target, cuda.layout);
  const found = await predict(graph);
  expect(relativeError(await predict(new Graph("denoiser", referenceTarget)), found)).toBeLessThan(1e-5);
  expect(new Set(graph.writtenOut)).toEqual(new Set(["NhwcConv", "GroupNorm"]));
  // The norms of transformer blocks are left, none of groups.
  const norms = graph.operations.filter(({ op }) => op === "LayerNormalization");
  expect(norms.filter(({ inputs: [x] }) => x && x.shape[1] === config.unet.numGroups)).toEqual([]);
});

// What doctor runs beside the embedded model's graphs, which are too narrow for these operators.
describe("the attention of full-size models", () => {
  const on = async (target: Target, x: TestTensor) =>
    pick(await runGraph(attentionGraph(target), undefined, { x }), "y");
  const plain = (precision: Precision) => ({ provider: "webgpu", precision, operators: "plain" }) as const;

  test("is the same in plain operators, and rounded in half precision", async () => {
    const x = noise(
      attentionGraph(referenceTarget).inputs.flatMap(({ shape }) => shape.map(Number)),
      1,
    );
    const exact = await on(referenceTarget, x);
    expect(relativeError(exact, await on(plain("fp32"), x))).toBeLessThan(1e-5);
    const error = relativeError(exact, await on(plain("fp16"), x));
    expect(error).toBeLessThan(0.002);
    expect(error).toBeGreaterThan(1e-5);
  });

  test.each([
    [cuda.target, 9],
    [{ ...plain("fp16"), operators: "fused" }, 9],
    [plain("fp16"), 0],
  ] as const)("has on %j %i fused ones", (target, count) => {
    expect(attentionGraph(target).operations.filter(({ op }) => op === "MultiHeadAttention")).toHaveLength(count);
  });
});

describe("the gate of a full-size model", () => {
  const gelus = (target: Target) => gateGraph(target).operations.filter(({ op }) => op.endsWith("Gelu"));

  test.each([
    ["cuda", "fp32", "fused", "BiasSplitGelu"],
    ["cuda", "fp16", "fused", "BiasSplitGelu"],
    ["dml", "fp16", "fused", "BiasSplitGelu"],
    ["cuda", "fp16", "plain", "Gelu"],
    ["webgpu", "fp16", "fused", "Gelu"],
    ["cpu", "fp32", "fused", "Gelu"],
  ] as const)("has on %s in %s with %s operators one %s", (provider, precision, operators, op) => {
    expect(gelus({ provider, precision, operators }).map((node) => node.op)).toEqual([op]);
  });

  test("is a · gelu(b) on the CPU, and lacks nothing but a kernel there as it is for CUDA", async () => {
    const x = noise(gateInput, 1);
    const [, length, width] = gateInput;
    const shifted = (row: number, i: number) => Number(x.data[row * width + i]) + Math.cos(i);
    const exact = Array.from({ length: (length * width) / 2 }, (_, at) => {
      const [row, i] = [Math.floor((2 * at) / width), at % (width / 2)];
      return shifted(row, i) * gelu(shifted(row, i + width / 2));
    });
    const found = await runGraph(gateGraph(referenceTarget), undefined, { x });
    expectClose(pick(found, "y"), floats([1, length, width / 2], exact), 1e-5);
    await expect(openGraph(gateGraph(cuda.target), undefined, { logSeverityLevel: 4 })).rejects.toThrow(
      lacks("BiasSplitGelu"),
    );
  });
});

/** x·Φ(x), whose integral is taken in steps: Φ(x) = ½ + ∫₀ˣ φ, by Simpson's rule. */
function gelu(x: number): number {
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const steps = 32;
  const weights = (i: number) => (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  let integral = 0;
  for (let i = 0; i <= steps; i++) integral += (weights(i) * density((x * i) / steps) * x) / (3 * steps);
  return x * (0.5 + integral);
}

/** What the runtime says where only the kernel is missing: it has found the operator and agrees with its inputs and shapes. */
function lacks(op: string): RegExp {
  return new RegExp(
    `Could not find an implementation for ${op}\\(1\\)|Failed to find kernel for com.microsoft.${op}\\(1\\)`,
  );
}

describe("as it is, on the CPU", () => {
  const open = (build: (graph: Graph) => Value) => {
    const graph = new Graph("test", cuda.target, cuda.layout);
    graph.output("y", build(graph));
    return openGraph(graph, undefined, { logSeverityLevel: 4 });
  };

  test.each<readonly [string, (graph: Graph) => Value]>([
    ["NhwcConv", (graph) => conv(3, { padding: 1 })(graph.input("x", "float32", ["B", 5, 7, 12]), 12)],
    ["GroupNorm", (graph) => norm(3, "silu")(graph.input("x", "float32", ["B", 5, 7, 12]), 12)],
    ["BiasSplitGelu", (graph) => gate(graph.input("x", "float32", ["B", 3, 2560]))],
  ])("%s lacks nothing but a kernel", async (op, build) => {
    await expect(open(build)).rejects.toThrow(lacks(op));
  });

  test("an operator that is given the wrong thing is another error", async () => {
    const x = (graph: Graph) => graph.input("x", "float32", ["B", 2560]);
    await expect(open((graph) => gate(x(graph)))).rejects.toThrow(/BiasSplitGelu.*input shall be 3 dimensions/);
  });
});
