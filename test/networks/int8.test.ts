import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { buildGraph } from "../../server/checkpoint/buildGraph.ts";
import { openCheckpoint } from "../../server/checkpoint/checkpoint.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { linear } from "../../server/onnx/nn.ts";
import { type Precision, referenceTarget } from "../../shared/providers.ts";
import {
  expectClose,
  floats,
  openGraph,
  pick,
  relativeError,
  runGraph,
  someInputs,
  type TestTensor,
} from "./support.ts";

test("a linear layer of int8 computes with what is rounded to 8 bits, columns of zeros too", async () => {
  const graph = new Graph("linear", { ...referenceTarget, precision: "int8" });
  const x = floats([1, 2, 4], [1, -2, 3, 0.5, 0, 0.25, -1, 2]);
  const weight = [0.5, -0.98, 0.25, 2, 0, 0, 0, 0, 100, 49, -25, 12.5];
  const w = graph.constant(Float32Array.from(weight), [3, 4]);
  graph.output("y", linear(graph.input("x", "float32", [1, 2, 4]), w));
  const { y } = Object.fromEntries(await runGraph(graph, undefined, { x }));

  // Weights: symmetric, a scale a column. x: 0 … 255 over its whole range, which has 0 in it.
  const [low, high] = [-2, 3];
  const step = (high - low) / 255;
  const rounded = [1, -2, 3, 0.5, 0, 0.25, -1, 2].map((value) => Math.round(value / step) * step);
  const expected = [0, 1].flatMap((row) =>
    [0, 1, 2].map((column) => {
      const values = weight.slice(4 * column, 4 * column + 4);
      const scale = Math.max(...values.map(Math.abs)) / 127;
      return values.reduce((sum, value, i) => {
        const integer = scale === 0 ? 0 : Math.round(value / scale);
        return sum + integer * scale * (rounded[4 * row + i] ?? 0);
      }, 0);
    }),
  );
  expectClose(y, floats([1, 2, 3], expected), 1e-3);
  expect(Math.abs(Number(y?.data[1]))).toBe(0);
});

test("the embedded model's denoiser in int8 is within 1 % of fp32, and not the same", async () => {
  const dir = fileURLToPath(new URL("../../models/mini/", import.meta.url));
  const predict = async (precision: Precision): Promise<TestTensor> => {
    const request = { graph: "denoiser", width: 64, height: 64 } as const;
    const graph = await buildGraph(await openCheckpoint(dir), request, { ...referenceTarget, precision });
    const inputs = someInputs(graph, { timestep: 500, image_scale: 1, control_scale: 1, fusion: 0 });
    const session = await openGraph(graph, dir);
    const output = pick(await session.run(inputs), "noise_prediction");
    await session.close();
    return output;
  };
  const [exact, rounded] = [await predict("fp32"), await predict("int8")];
  const error = relativeError(exact, rounded);
  expect(error).toBeLessThan(0.01);
  expect(error).toBeGreaterThan(1e-5);
});
