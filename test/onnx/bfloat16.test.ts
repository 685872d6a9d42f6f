import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { add } from "../../server/onnx/ops.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { floats, pick, runGraph } from "../networks/support.ts";

// Checkpoints in bfloat16 run as they lie on the disk: its bits are the upper half of a float32.

test("a bfloat16 weight counts with its value", async () => {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-bf16-"));
  try {
    const values = [1, -2, 3.140625, 1.5 * 2 ** 100];
    const data = Buffer.alloc(8);
    Float32Array.from(values).forEach((value, i) => {
      const bits = Buffer.alloc(4);
      bits.writeFloatLE(value);
      data.writeUInt16LE(bits.readUInt16LE(2), 2 * i);
    });
    const header = Buffer.from(JSON.stringify({ w: { dtype: "BF16", shape: [4], data_offsets: [0, 8] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(join(dir, "w.safetensors"), Buffer.concat([length, header, data]));

    const graph = new Graph("bf16");
    const x = graph.input("x", "float32", ["B", 4]);
    const scope = new Scope(graph, await readSafetensors(join(dir, "w.safetensors"), "w.safetensors"), "w");
    graph.output("y", add(x, scope.weight("w", [4])));
    const outputs = await runGraph(graph, dir, { x: floats([1, 4], [0, 0, 0, 0]) });
    expect([...pick(outputs, "y").data]).toEqual(values);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
