import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { linear } from "../../server/networks/layers.ts";
import { Graph, type StoredTensor } from "../../server/onnx/graph.ts";
import { Scope, type Weights } from "../../server/onnx/scope.ts";
import type { DataType } from "../../server/onnx/shape.ts";
import { BackdropError } from "../../shared/errors.ts";
import { expectClose, floats, runGraph } from "../networks/support.ts";

function stored(shape: readonly number[], type: DataType = "float32"): StoredTensor {
  return { file: "w.safetensors", type, shape, offset: 8, byteLength: 4 * shape.reduce((n, d) => n * d, 1) };
}

const weights: Weights = new Map([
  ["conv_in.weight", stored([8, 9, 3, 3])],
  ["conv_in.bias", stored([8])],
  ["blocks.0.proj.weight", stored([4, 8])],
  ["blocks.10.proj.weight", stored([4, 8])],
]);

const unet = () => new Scope(new Graph("g"), weights, "unet");

function thrownBy(act: () => unknown): BackdropError {
  try {
    act();
  } catch (error) {
    if (error instanceof BackdropError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("Scope", () => {
  it("joins prefixes", () => {
    const s = unet().at("blocks", 0).at("proj");
    expect(s.path).toBe("blocks.0.proj.");
    expect(s.has("weight")).toBe(true);
    expect(s.weight("weight", [4, 8])).toMatchObject({ name: "unet/blocks.0.proj.weight", shape: [4, 8] });
  });

  it("names a missing tensor, its expected shape and what lies near it", () => {
    const error = thrownBy(() => unet().at("conv_in").weight("gamma", [8]));
    expect(error.code).toBe("model_corrupt");
    expect(error.message).toBe(
      "unet/conv_in.gamma: expected [8], but the checkpoint has no such tensor; nearby: conv_in.weight, conv_in.bias",
    );
  });

  it("says when nothing has the prefix", () => {
    const error = thrownBy(() => unet().at("mid_block").weight("weight", [8]));
    expect(error.message).toContain('nothing starts with "mid_block."');
  });

  it("names both shapes of a mis-shaped tensor, and knows inpainting checkpoints", () => {
    expect(thrownBy(() => unet().at("conv_in").weight("weight", [8, 4, 3, 3])).message).toBe(
      "unet/conv_in.weight: expected [8,4,3,3], got [8,9,3,3]; this looks like an inpainting checkpoint",
    );
    expect(thrownBy(() => unet().at("conv_in").weight("bias", [16])).message).toBe(
      "unet/conv_in.bias: expected [16], got [8]; its config.json describes another size",
    );
  });

  it("refuses unused tensors, and those under its own prefix only", () => {
    const s = unet();
    s.at("conv_in").weight("weight", [8, 9, 3, 3]);
    const error = thrownBy(() => s.finish());
    expect(error.code).toBe("model_corrupt");
    expect(error.message).toMatch(
      /^unet\/conv_in\.bias, unet\/blocks\.0\.proj\.weight, unet\/blocks\.10\.proj\.weight: not part of/,
    );
    s.at("blocks", 10, "proj").weight("weight", [4, 8]);
    s.at("blocks", 10).finish();
    expect(thrownBy(() => s.at("blocks").finish()).message).toMatch(/^unet\/blocks\.0\.proj\.weight: not part/);
  });

  it("ignores single keys and whole blocks, and no more than those", () => {
    const s = unet();
    s.ignore("blocks.", "conv_in.weight");
    expect(thrownBy(() => s.finish()).message).toMatch(/^unet\/conv_in\.bias: not part/);
    s.ignore("conv_in.bias");
    s.finish();
  });
});

describe("weights outside the graph", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "backdrop-scope-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("reads fp16 and fp32 in place, at any alignment", async () => {
    // 1, 0.5, −2, 1/3 rounded to half precision, written as their bits.
    const half = Uint16Array.of(0x3c00, 0x3800, 0xc000, 0x3555);
    const header = JSON.stringify({
      "w.weight": { dtype: "F16", shape: [2, 2], data_offsets: [0, 8] },
      "w.bias": { dtype: "F32", shape: [2], data_offsets: [8, 16] },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length + 1));
    const data = [Buffer.from(half.buffer), Buffer.from(Float32Array.of(10, 20).buffer)];
    // One space of padding, so that nothing is aligned.
    await writeFile(join(folder, "w.safetensors"), Buffer.concat([length, Buffer.from(`${header} `), ...data]));
    const scope = (graph: Graph, w: Weights) => new Scope(graph, w, "test");
    const graph = new Graph("g");
    const s = scope(graph, await readSafetensors(join(folder, "w.safetensors"), "w.safetensors"));
    graph.output("y", linear(s.at("w"), graph.input("x", "float32", ["B", 2]), 2));
    s.finish();
    const outputs = await runGraph(graph, folder, { x: floats([2, 2], [1, 2, 3, 6]) });
    expectClose(
      outputs.get("y"),
      floats([2, 2], [12, 20 - 2 + 2 * 0.333251953125, 16, 20 - 6 + 6 * 0.333251953125]),
      1e-6,
    );
    // The graph holds the address of a weight and never its data.
    expect(Buffer.from(graph.encode()).includes(Buffer.from(half.buffer))).toBe(false);
  });
});

describe("Graph", () => {
  const encoded = () => {
    const graph = new Graph("g");
    const s = new Scope(graph, weights, "unet");
    graph.output("y", linear(s.at("blocks", 0, "proj"), graph.input("x", "float32", ["B", 8]), 4, { bias: false }));
    return Buffer.from(graph.encode());
  };

  it("encodes equal graphs to equal bytes", () => {
    expect(encoded().equals(encoded())).toBe(true);
  });

  it("stores equal constants once", () => {
    const graph = new Graph("g");
    const [a, b] = [graph.constant(Float32Array.of(1, 2), [2]), graph.constant(Float32Array.of(1, 2), [2])];
    expect(a.name).toBe(b.name);
    expect(graph.constant(Float32Array.of(1, 2), [1, 2]).name).not.toBe(a.name);
    expect(graph.constant(BigInt64Array.of(1n), [1]).type).toBe("int64");
  });

  it("gives one value to a weight that is used twice", () => {
    const s = unet();
    expect(s.at("conv_in").weight("bias", [8]).name).toBe(s.at("conv_in").weight("bias", [8]).name);
  });
});
