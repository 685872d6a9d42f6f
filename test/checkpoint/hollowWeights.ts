import { open } from "node:fs/promises";

/** A safetensors file with the header of these float16 tensors, as long as their data but without it. */
export async function writeHollowWeights(
  path: string,
  tensors: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  let end = 0;
  const entries = Object.entries(tensors).map(([key, shape]) => {
    const begin = end;
    end += shape.reduce((n, d) => n * d, 2);
    return [key, { dtype: "F16", shape, data_offsets: [begin, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, "w");
  await file.writeFile(Buffer.concat([length, header]));
  await file.truncate(8 + header.length + end);
  await file.close();
}
