import type { Provider } from "../../shared/providers.ts";
import { size, type Value } from "./graph.ts";
import { broadcast, type DataType, type Dim, formatShape, type Shape } from "./shape.ts";

// Arithmetic and shape operators: one function a formula, shapes inferred. Kernels of neural networks are in nn.ts.

const microsoft = "com.microsoft";

/** A number that takes part in a formula. */
type Operand = Value | number;

export const add = (a: Value, b: Operand): Value => binary("Add", a, b);
export const sub = (a: Value, b: Operand): Value => binary("Sub", a, b);
export const mul = (a: Value, b: Operand): Value => binary("Mul", a, b);
export const div = (a: Value, b: Operand): Value => binary("Div", a, b);
/** 1 − a */
export const oneMinus = (a: Value): Value => sub(scalar(a, 1), a);

/** a ≥ b as 1.0 or 0.0. */
export function atLeast(a: Value, b: number): Value {
  const x = a.graph.node("GreaterOrEqual", [a, scalar(a, b)], "bool", a.shape);
  return cast(x, a.type);
}

/** a > 0 */
export const isPositive = (a: Value): Value => a.graph.node("Greater", [a, scalar(a, 0)], "bool", a.shape);

export const sqrt = (x: Value): Value => unary("Sqrt", x);
export const abs = (x: Value): Value => unary("Abs", x);
export const tanh = (x: Value): Value => unary("Tanh", x);
export const relu = (x: Value): Value => unary("Relu", x);
const sigmoid = (x: Value): Value => unary("Sigmoid", x);
export const sin = (x: Value): Value => unary("Sin", x);
export const cos = (x: Value): Value => unary("Cos", x);
/** x·σ(x). Two nodes: on the CPU provider they are three times as fast as the single Swish operator. */
export const silu = (x: Value): Value => mul(x, sigmoid(x));
/** x·Φ(x), exact (erf). */
export const gelu = (x: Value): Value => x.graph.node("Gelu", [x], x.type, x.shape);
/** x·σ(1.702 x), CLIP's own activation. */
export const quickGelu = (x: Value): Value =>
  x.graph.node("QuickGelu", [x], x.type, x.shape, { alpha: { float: 1.702 } }, microsoft);

export function cast(x: Value, type: DataType): Value {
  if (x.type === type) return x;
  const to = { float32: 1, float16: 10, bfloat16: 16, uint8: 2, int64: 7, bool: 9 }[type];
  return x.graph.node("Cast", [x], type, x.shape, { to });
}

/** a·b over the last two axes.   a [.., M, K], b [.., K, N] */
export function matmul(a: Value, b: Value): Value {
  return a.graph.node("MatMul", [a, b], a.type, productShape(a, b, size(b, -2), size(b, -1)));
}

/** a·bᵀ over the last two axes.   a [.., M, K], b [.., N, K] */
export function matmulTransposed(a: Value, b: Value): Value {
  const shape = productShape(a, b, size(b, -1), size(b, -2));
  if (isFusedOn(a, "cpu", "cuda", "dml")) {
    return a.graph.node("FusedMatMul", [a, b], a.type, shape, { transB: 1 }, microsoft);
  }
  // Of a weight this is made when the graph is loaded.
  const last = b.shape.length - 1;
  const axes = b.shape.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i));
  return a.graph.node("MatMul", [a, transpose(b, axes)], a.type, shape);
}

/** Whether the graph is to have a fused operator that these providers have. */
export function isFusedOn({ graph: { target } }: Value, ...having: readonly Provider[]): boolean {
  return target.operators === "fused" && having.includes(target.provider);
}

function productShape(a: Value, b: Value, inner: number, columns: number): Shape {
  if (size(a, -1) !== inner) throw new Error(`matmul: ${formatShape(a.shape)} does not fit ${formatShape(b.shape)}`);
  return [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), a.shape.at(-2) ?? 1, columns];
}

export function reshape(x: Value, shape: Shape): Value {
  if (formatShape(shape) === formatShape(x.shape)) return x;
  const count = (s: Shape) => s.reduce<number>((n, d) => (d === "B" ? n : n * d), 1);
  if (count(shape) !== count(x.shape) || (shape[0] === "B") !== (x.shape[0] === "B")) {
    throw new Error(`reshape: ${formatShape(x.shape)} does not fit ${formatShape(shape)}`);
  }
  // In ONNX, 0 copies the input's size at that place: the batch keeps its place.
  return x.graph.node(
    "Reshape",
    [
      x,
      ints(
        x,
        shape.map((d) => (d === "B" ? 0 : d)),
      ),
    ],
    x.type,
    shape,
  );
}

export function transpose(x: Value, perm: readonly number[]): Value {
  const shape = perm.map((i) => x.shape[i] ?? 1);
  return x.graph.node("Transpose", [x], x.type, shape, { perm });
}

export function concat(values: readonly [Value, ...Value[]], axis: number): Value {
  const [first] = values;
  const at = axis < 0 ? first.shape.length + axis : axis;
  const total = values.reduce((n, v) => n + size(v, at), 0);
  const shape = first.shape.map((d, i) => (i === at ? total : d));
  return first.graph.node("Concat", values, first.type, shape, { axis: at });
}

/** Elements [start, end) of one axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const shape = x.shape.map((d, i) => (i === at ? end - start : d));
  return x.graph.node("Slice", [x, ints(x, [start]), ints(x, [end]), ints(x, [at])], x.type, shape);
}

/** Equal parts along an axis. */
export function split(x: Value, parts: number, axis: number): Value[] {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const shape = x.shape.map((d, i) => (i === at ? size(x, at) / parts : d));
  const outputs = Array.from({ length: parts }, () => ({ type: x.type, shape }));
  return x.graph.nodes("Split", [x], outputs, { axis: at, num_outputs: parts });
}

/** Rows of `table` [V, D] at `ids` [B, L]: [B, L, D]. */
export function gatherRows(table: Value, ids: Value): Value {
  return table.graph.node("Gather", [table, ids], table.type, [...ids.shape, size(table, -1)], { axis: 0 });
}

/** x [1, ..] repeated for each entry of the batch that `like` has; `like` must be finite. */
export function expandBatch(x: Value, like: Value): Value {
  if (x.shape[0] === "B") return x;
  // x + 0·(one number of each batch entry): broadcasting carries the batch over, whatever its size.
  const first = like.shape.slice(1).reduce<Value>((v, _, i) => slice(v, i + 1, 0, 1), like);
  const zeros = mul(cast(first, x.type), 0);
  return add(x, reshape(zeros, ["B", ...x.shape.slice(1).map(() => 1)]));
}

/** Sum over one axis, which stays with size 1. */
export function sum(x: Value, axis: number): Value {
  return reduce("ReduceSum", x, axis);
}

export function mean(x: Value, axis: number): Value {
  return reduce("ReduceMean", x, axis);
}

/** Position of the largest (first where equal) element along an axis, which stays with size 1; int64. */
export function argMax(x: Value, axis: number): Value {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const shape = x.shape.map((d, i) => (i === at ? 1 : d));
  return x.graph.node("ArgMax", [x], "int64", shape, { axis: at, keepdims: 1 });
}

/** One row a batch entry: x [B, L, D] at index [B, 1] gives [B, D]. */
export function gatherToken(x: Value, index: Value): Value {
  return x.graph.node("GatherND", [x, index], x.type, ["B", size(x, -1)], { batch_dims: 1 });
}

/** A constant the size of one number, of x's graph and type. */
function scalar(x: Value, value: number): Value {
  return cast(x.graph.constant(Float32Array.of(value), []), x.type);
}

function binary(op: string, a: Value, b: Operand): Value {
  const other = typeof b === "number" ? scalar(a, b) : b;
  return a.graph.node(op, [a, other], a.type, broadcast(a.shape, other.shape));
}

function unary(op: string, x: Value): Value {
  return x.graph.node(op, [x], x.type, x.shape);
}

function reduce(op: string, x: Value, axis: number): Value {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const shape: Dim[] = x.shape.map((d, i) => (i === at ? 1 : d));
  return x.graph.node(op, [x, ints(x, [at])], x.type, shape, { keepdims: 1 });
}

function ints(x: Value, values: readonly number[]): Value {
  return x.graph.constant(BigInt64Array.from(values.map(BigInt)), [values.length]);
}
