import { open } from "node:fs/promises";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { StoredTensor } from "../onnx/graph.ts";
import type { Weights } from "../onnx/scope.ts";
import type { DataType } from "../onnx/shape.ts";

/** 100 MB is the limit of the reference implementation; our largest real header (SDXL) is below 1 MB. */
const maxHeaderBytes = 16 * 1024 * 1024;

const dataTypes: Readonly<Record<string, { readonly type: DataType; readonly bytes: number }>> = {
  F32: { type: "float32", bytes: 4 },
  F16: { type: "float16", bytes: 2 },
  BF16: { type: "bfloat16", bytes: 2 },
  I64: { type: "int64", bytes: 8 },
};

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const notesSchema = z.record(z.string(), z.string()).default({});

/**
 * Reads the header of a safetensors file: names, types, shapes and places of its tensors, never their data.
 * Refuses files whose data is not exactly covered by the tensors (holes, overlaps, a cut or padded end).
 * @param path the file; @param location how graphs refer to it (relative to the package folder)
 * @see https://github.com/huggingface/safetensors#format
 */
export async function readSafetensors(path: string, location: string): Promise<Weights> {
  return (await readHeader(path, location)).weights;
}

/** What the file's author wrote beside the tensors: texts by key. */
export async function readSafetensorsNotes(path: string, location: string): Promise<Readonly<Record<string, string>>> {
  return (await readHeader(path, location)).notes;
}

interface Header {
  readonly weights: Weights;
  readonly notes: Readonly<Record<string, string>>;
}

async function readHeader(path: string, location: string): Promise<Header> {
  const corrupt = (what: string) =>
    new BackdropError("model_corrupt", `${location}: ${what}; install the model again or restore the file`);
  const file = await open(path).catch((cause: unknown) => {
    throw new BackdropError("model_corrupt", `${location}: cannot be opened; install the model again`, { cause });
  });
  try {
    const { size: fileBytes } = await file.stat();
    if (fileBytes < 8) throw corrupt(`expected a safetensors file, got ${fileBytes} bytes`);
    const lengthField = Buffer.alloc(8);
    await file.read(lengthField, 0, 8, 0);
    const headerBytes = Number(lengthField.readBigUInt64LE());
    if (headerBytes > maxHeaderBytes || headerBytes + 8 > fileBytes) {
      throw corrupt(`its header claims ${headerBytes} bytes, the file has ${fileBytes}`);
    }
    const header = Buffer.alloc(headerBytes);
    await file.read(header, 0, headerBytes, 8);
    return parseHeader(header.toString("utf8"), fileBytes - 8 - headerBytes, 8 + headerBytes, location, corrupt);
  } finally {
    await file.close();
  }
}

function parseHeader(
  text: string,
  dataBytes: number,
  dataStart: number,
  location: string,
  corrupt: (what: string) => BackdropError,
): Header {
  const { __metadata__: metadata, ...described } = parseJson(text, corrupt);
  const notes = notesSchema.safeParse(metadata);
  if (!notes.success) throw corrupt("its __metadata__ is described wrongly");
  const entries = Object.entries(described);
  const tensors = entries.map(([name, entry]) => {
    const parsed = entrySchema.safeParse(entry);
    if (!parsed.success) throw corrupt(`tensor ${name} is described wrongly`);
    const { dtype, shape, data_offsets: offsets } = parsed.data;
    const type = dataTypes[dtype];
    if (!type) throw corrupt(`tensor ${name}: expected F32, F16, BF16 or I64, got ${dtype}`);
    const byteLength = shape.reduce((n, d) => n * d, type.bytes);
    if (!Number.isSafeInteger(byteLength) || offsets[1] - offsets[0] !== byteLength) {
      throw corrupt(`tensor ${name} [${shape}] ${dtype}: expected ${byteLength} bytes, got ${offsets[1] - offsets[0]}`);
    }
    return { name, start: offsets[0], type: type.type, shape, byteLength };
  });
  let end = 0;
  for (const t of tensors.toSorted((a, b) => a.start - b.start)) {
    if (t.start !== end) throw corrupt(`tensor ${t.name} starts at byte ${t.start} of the data, expected ${end}`);
    end += t.byteLength;
  }
  if (end !== dataBytes) throw corrupt(`its tensors need ${end} bytes of data, the file has ${dataBytes}`);
  const weights = new Map<string, StoredTensor>(
    tensors.map(({ name, start, type, shape, byteLength }) => [
      name,
      { file: location, type, shape, offset: dataStart + start, byteLength },
    ]),
  );
  return { weights, notes: notes.data };
}

function parseJson(text: string, corrupt: (what: string) => BackdropError): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Falls through to the same message: the header is not a JSON object.
  }
  throw corrupt("its header is not a JSON object");
}
