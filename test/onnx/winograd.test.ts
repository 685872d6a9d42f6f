import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Graph, type Value } from "../../server/onnx/graph.ts";
import { graphMemory } from "../../server/onnx/graphMemory.ts";
import { conv2d } from "../../server/onnx/nn.ts";
import { cast, isPositive } from "../../server/onnx/ops.ts";
import { winogradConv3x3 } from "../../server/onnx/winograd.ts";
import { referenceTarget } from "../../shared/providers.ts";
import { expectClose, floats, noise, openGraph, pick, runGraph, type TestTensor } from "../networks/support.ts";
import { publishedDenoiser } from "../networks/unetFixtures.ts";

// Protects Winograd's form of the convolution: the numbers are those of the sum that defines it, in float64, whatever the sizes.

/** Of sums of 9·C products of numbers around 1: they grow with the root. A wrong place would be off by the sum itself. */
const tolerance = (channels: number) => 1e-4 * Math.sqrt(9 * channels);
const sizes = [
  { batch: 1, cIn: 3, cOut: 5, height: 8, width: 12 },
  { batch: 2, cIn: 4, cOut: 2, height: 7, width: 9 },
  { batch: 1, cIn: 1, cOut: 1, height: 1, width: 2 },
  { batch: 2, cIn: 130, cOut: 3, height: 5, width: 4 },
];

describe.each(sizes)("$batch × $cIn channels of $height × $width to $cOut", ({ batch, cIn, cOut, height, width }) => {
  const x = noise([batch, cIn, height, width], 1);
  const weight = noise([cOut, cIn, 3, 3], 2);
  const bias = noise([cOut], 3);
  const run = async (build: (x: Value, weight: Value, bias: Value) => Value) => {
    const graph = new Graph("conv");
    const inputs = Object.entries({ x, weight, bias }).map(([name, { shape }]) =>
      graph.input(name, "float32", name === "x" ? ["B", ...shape.slice(1)] : shape),
    );
    const [a, b, c] = inputs;
    if (!a || !b || !c) throw new Error("three inputs");
    const y = build(a, b, c);
    graph.output("y", y);
    expect(y.shape).toEqual(["B", cOut, height, width]);
    return pick(await runGraph(graph, undefined, { x, weight, bias }), "y");
  };

  it("is the sum of products, in float64", async () => {
    expectClose(await run(winogradConv3x3), sumOfProducts(x, weight, bias), tolerance(cIn));
  });

  it("can go without a bias", async () => {
    const none = floats([cOut], new Float32Array(cOut));
    const found = await run((a, b) => winogradConv3x3(a, b, undefined));
    expectClose(found, sumOfProducts(x, weight, none), tolerance(cIn));
  });
});

it("in a branch, with weights that are stored in half precision; transformed, they are not kept", async () => {
  const [channels, side] = [256, 32];
  const x = noise([2, channels, side, side], 1);
  const weights = noise([channels, channels, 3, 3], 2);
  const build = (isRepeated: boolean) => {
    const graph = new Graph("conv", referenceTarget, "NCHW", isRepeated);
    const input = graph.input("x", "float32", ["B", channels, side, side]);
    const counts = graph.input("counts", "float32", [1]);
    const weight = cast(
      cast(graph.constant(Float32Array.from(weights.data, Number), weights.shape), "float16"),
      "float32",
    );
    const convolved = () => [conv2d(input, weight, undefined, { padding: 1 })];
    graph.output("y", graph.branch(isPositive(counts), convolved, () => [input])[0] ?? input);
    return graph;
  };
  const inputs = { x, counts: floats([1], [1]) };
  const folder = await mkdtemp(join(tmpdir(), "backdrop-winograd-"));
  const optimizedModelFilePath = join(folder, "optimised.onnx");
  const session = await openGraph(build(true), undefined, { optimizedModelFilePath });
  const found = pick(await session.run(inputs), "y");
  await session.close();
  expectClose(found, pick(await runGraph(build(false), undefined, inputs), "y"), tolerance(channels));
  const optimised = await readFile(optimizedModelFilePath);
  await rm(folder, { recursive: true });
  expect(optimised.includes("DepthToSpace")).toBe(true);
  expect(optimised.includes("FusedMatMul")).toBe(true);
});

describe("is taken", () => {
  const operators = (graph: Graph, channels: number, side: number, kernel = 3) => {
    const x = graph.input("x", "float32", ["B", channels, side, side]);
    const weight = graph.input("weight", "float32", [channels, channels, kernel, kernel]);
    conv2d(x, weight, undefined, { padding: kernel === 3 ? 1 : 0 });
    return graph.operations.map(({ op }) => op);
  };
  const repeated = () => new Graph("denoiser", referenceTarget, "NCHW", true);

  it("where a graph runs often, and its pictures are large enough", () => {
    expect(operators(repeated(), 256, 32)).toContain("DepthToSpace");
  });

  it.each([
    ["narrow", () => operators(repeated(), 128, 64)],
    ["small", () => operators(repeated(), 256, 16)],
    ["of one pixel", () => operators(repeated(), 256, 64, 1)],
    ["run once a job", () => operators(new Graph("vae_decoder"), 256, 64)],
    [
      "on a GPU",
      () =>
        operators(
          new Graph("denoiser", { provider: "webgpu", precision: "fp32", operators: "plain" }, "NCHW", true),
          256,
          64,
        ),
    ],
  ])("not where it is %s", (_what, found) => {
    expect(found()).toEqual(["Conv"]);
  });
});

it.each([
  ["sd15", 512, { convolutions: 30, weightsMegabytes: 0, activationsMegabytes: 64 }],
  ["sdxl", 1024, { convolutions: 52, weightsMegabytes: 0, activationsMegabytes: 8 }],
] as const)(
  "of %s's denoiser at %i² takes no more memory for weights, little more to run",
  async (name, side, expected) => {
    const build = (isRepeated: boolean) =>
      publishedDenoiser(name, new Graph("denoiser", referenceTarget, "NCHW", isRepeated), side);
    const [plain, repeated] = [await build(false), await build(true)];
    const convolutions = repeated.operations.filter(({ op }) => op === "DepthToSpace").length;
    const [before, after] = [graphMemory(plain, 2), graphMemory(repeated, 2)];
    const weightsMegabytes = Math.round((after.weightsBytes - before.weightsBytes) / 1e6);
    const activationsMegabytes = Math.round((after.activationsBytes - before.activationsBytes) / 1e6);
    expect({ convolutions, weightsMegabytes, activationsMegabytes }).toEqual(expected);
  },
);

/** y[o,i,j] = b[o] + Σ w[o,c,u,v]·x[c,i+u−1,j+v−1] */
function sumOfProducts(x: TestTensor, weight: TestTensor, bias: TestTensor): TestTensor {
  const [batch = 0, cIn = 0, height = 0, width = 0] = x.shape;
  const [cOut = 0] = weight.shape;
  const values = Array.from({ length: batch * cOut * height * width }, (_, at) => {
    const [j, i] = [at % width, Math.floor(at / width) % height];
    const [o, n] = [Math.floor(at / width / height) % cOut, Math.floor(at / width / height / cOut)];
    let sum = Number(bias.data[o]);
    for (let c = 0; c < cIn; c++) {
      for (let u = 0; u < 3; u++) {
        for (let v = 0; v < 3; v++) {
          const [row, column] = [i + u - 1, j + v - 1];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const pixel = x.data[((n * cIn + c) * height + row) * width + column];
          sum += Number(weight.data[((o * cIn + c) * 3 + u) * 3 + v]) * Number(pixel);
        }
      }
    }
    return sum;
  });
  return floats([batch, cOut, height, width], values);
}
