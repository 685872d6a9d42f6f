/** Element types that our graphs use, named as in ONNX. */
export type DataType = "float32" | "float16" | "bfloat16" | "int64" | "uint8" | "bool";

/** A size in elements. "B" is the batch, the only size that is left open; it may only stand first. */
export type Dim = number | "B";

export type Shape = readonly Dim[];

/** The order of a picture's axes: channels first or last. */
export type Layout = "NCHW" | "NHWC";

/** Number of elements beyond the batch axis. */
export function elementCount(shape: readonly Dim[]): number {
  return shape.reduce<number>((n, dim) => (dim === "B" ? n : n * dim), 1);
}

/** NumPy broadcasting of two shapes. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) throw new Error(`cannot broadcast ${formatShape(a)} with ${formatShape(b)}`);
    return m === 1 ? n : m;
  });
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}
