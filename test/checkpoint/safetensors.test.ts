import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";

// Protects against hostile or damaged weights: a header is believed only when it describes the file exactly.

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-safetensors-"));
});
afterAll(async () => rm(dir, { recursive: true, force: true }));

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const good: Readonly<Record<string, Entry>> = {
  a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
  b: { dtype: "F16", shape: [4], data_offsets: [24, 32] },
};

async function written(header: string | object, dataBytes: number, claimed?: bigint): Promise<string> {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  const path = join(dir, "model.safetensors");
  await writeFile(path, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
  return path;
}

const read = async (path: string) => await readSafetensors(path, "unet/model.safetensors");

it("gives every tensor its place in the file", async () => {
  const header = { __metadata__: { format: "pt" }, ...good };
  const weights = await read(await written(header, 32));
  const dataStart = 8 + Buffer.byteLength(JSON.stringify(header));
  expect([...weights]).toEqual([
    ["a", { file: "unet/model.safetensors", type: "float32", shape: [2, 3], offset: dataStart, byteLength: 24 }],
    ["b", { file: "unet/model.safetensors", type: "float16", shape: [4], offset: dataStart + 24, byteLength: 8 }],
  ]);
});

describe("refuses, as model_corrupt and by the file's name,", () => {
  it.each<[string, string | object, number, bigint?]>([
    ["a cut end", good, 31],
    ["a padded end", good, 33],
    ["a hole", { ...good, b: { dtype: "F16", shape: [4], data_offsets: [26, 34] } }, 34],
    ["an overlap", { ...good, b: { dtype: "F16", shape: [4], data_offsets: [20, 28] } }, 28],
    ["a shape that does not fit its bytes", { a: { dtype: "F32", shape: [2, 4], data_offsets: [0, 24] } }, 24],
    ["a size beyond exact integers", { a: { dtype: "F32", shape: [2 ** 40, 2 ** 40], data_offsets: [0, 24] } }, 24],
    ["a negative size", { a: { dtype: "F32", shape: [-2, -3], data_offsets: [0, 24] } }, 24],
    ["an unknown type", { a: { dtype: "F8_E4M3", shape: [24], data_offsets: [0, 24] } }, 24],
    ["an unknown key", { a: { dtype: "F32", shape: [6], data_offsets: [0, 24], extra: 1 } }, 24],
    ["a header that is no JSON", "{", 0],
    ["a header that is no object", "[]", 0],
    ["a header longer than the file", good, 32, 2n ** 63n],
  ])("%s", async (_, header, dataBytes, claimed) => {
    const path = await written(header, dataBytes, claimed);
    await expect(read(path)).rejects.toMatchObject({
      code: "model_corrupt",
      message: expect.stringContaining("unet/model.safetensors"),
    });
  });

  it("an empty file", async () => {
    const path = join(dir, "empty.safetensors");
    await writeFile(path, "");
    await expect(read(path)).rejects.toMatchObject({ code: "model_corrupt" });
  });

  it("a missing file", async () => {
    await expect(read(join(dir, "none.safetensors"))).rejects.toMatchObject({ code: "model_corrupt" });
  });
});
