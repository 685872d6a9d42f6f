import { size, type Value } from "./graph.ts";
import {
  abs,
  add,
  cast,
  concat,
  div,
  hasPlainOperatorsOnly,
  matmul,
  matmulTransposed,
  mul,
  reshape,
  slice,
  transpose,
} from "./ops.ts";
import type { Attribute } from "./protobuf.ts";
import { formatShape } from "./shape.ts";

// The kernels of neural networks. What a provider or a precision wants done differently is decided here,
// never in server/networks.

export interface Convolution {
  readonly stride?: number;
  /** One number for all sides, or [top, left, bottom, right]. */
  readonly padding?: number | readonly [number, number, number, number];
}

/** 2-D convolution. x [B,Cin,H,W], weight [Cout,Cin,kH,kW], bias [Cout] → [B,Cout,H',W']. */
export function conv2d(x: Value, weight: Value, bias: Value | undefined, options: Convolution = {}): Value {
  const { stride = 1, padding = 0 } = options;
  const pads = typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  const kernel = [size(weight, 2), size(weight, 3)] as const;
  if (size(x, 1) !== size(weight, 1)) {
    throw new Error(`conv2d: ${formatShape(x.shape)} does not fit weight ${formatShape(weight.shape)}`);
  }
  const height = Math.floor((size(x, 2) + top + bottom - kernel[0]) / stride) + 1;
  const width = Math.floor((size(x, 3) + left + right - kernel[1]) / stride) + 1;
  const attributes: Record<string, Attribute> = { kernel_shape: kernel, pads, strides: [stride, stride] };
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return x.graph.node("Conv", inputs, x.type, [x.shape[0] ?? 1, size(weight, 0), height, width], attributes);
}

/** x·Wᵀ.   x [.., in], weight [out, in] → [.., out] */
export function linear(x: Value, weight: Value): Value {
  // An embedding is one row: nothing to gain.
  return x.graph.target.precision === "int8" && x.shape.length > 2
    ? linearInt8(x, weight)
    : matmulTransposed(x, weight);
}

/** The weights are made integers when the graph is loaded, so that the checkpoint stays the only copy on disk. */
function linearInt8(x: Value, weight: Value): Value {
  const columns = transpose(weight, [1, 0]);
  // A column of zeros has any scale but 0.
  const scale = div(add(greatest(abs(columns)), 1e-12), 127);
  // Unsigned, because CPUs without VNNI instructions saturate products of signed weights.
  const zeroPoint = cast(add(mul(scale, 0), 128), "uint8");
  const integers = x.graph.node("QuantizeLinear", [columns, scale, zeroPoint], "uint8", columns.shape, { axis: 1 });
  const shape = [...x.shape.slice(0, -1), size(weight, 0)];
  return x.graph.node("DynamicQuantizeMatMul", [x, integers, scale, zeroPoint], x.type, shape, {}, "com.microsoft");
}

/** The greatest of each column: [N, M] → [M] */
function greatest(x: Value): Value {
  const rows = x.graph.constant(BigInt64Array.of(0n), [1]);
  return x.graph.node("ReduceMax", [x, rows], x.type, [size(x, 1)], { keepdims: 0 });
}

/** Transposed convolution with kernel = stride (no overlap). weight [Cin,Cout,k,k] → [B,Cout,kH,kW]. */
export function convTranspose2d(x: Value, weight: Value, bias: Value): Value {
  const k = size(weight, 2);
  const shape = [x.shape[0] ?? 1, size(weight, 1), size(x, 2) * k, size(x, 3) * k];
  return x.graph.node("ConvTranspose", [x, weight, bias], x.type, shape, { kernel_shape: [k, k], strides: [k, k] });
}

/** Normalises the last axis, then γx + β. */
export function layerNorm(x: Value, gamma: Value, beta: Value, eps: number): Value {
  return x.graph.node("LayerNormalization", [x, gamma, beta], x.type, x.shape, { axis: -1, epsilon: { float: eps } });
}

/**
 * Group normalisation of x [B,C,H,W] with γ, β [C].
 * As LayerNormalization over [B, G, C/G·H·W], then γ and β: the fastest of the forms measured.
 */
export function groupNorm(x: Value, gamma: Value, beta: Value, groups: number, eps: number): Value {
  const channels = size(x, 1);
  const inGroup = (channels / groups) * size(x, 2) * size(x, 3);
  const flat = reshape(x, [x.shape[0] ?? 1, groups, inGroup]);
  const normal = reshape(layerNorm(flat, filled(x, 1, inGroup), filled(x, 0, inGroup), eps), x.shape);
  return add(mul(normal, reshape(gamma, [1, channels, 1, 1])), reshape(beta, [1, channels, 1, 1]));
}

/**
 * softmax(QKᵀ/√d + bias)·V in `heads` heads. q [B,S,H·d], k and v [B,L,H·d]; bias [1|B, 1|H, S, L] is added to
 * the scores.
 */
export function attention(q: Value, k: Value, v: Value, heads: number, bias?: Value): Value {
  if (hasPlainOperatorsOnly(q)) return plainAttention(q, k, v, heads, bias);
  const inputs = bias ? [q, k, v, "" as const, "" as const, bias] : [q, k, v];
  const shape = [...q.shape.slice(0, -1), size(v, -1)];
  return q.graph.node("MultiHeadAttention", inputs, q.type, shape, { num_heads: heads }, "com.microsoft");
}

/**
 * The same in single operators. ONNX Runtime's fused one takes FlashAttention on WebGPU, which is wrong by a tenth of the values where
 * subgroups are small (measured with 4 and 8 lanes, 32 queries and more).
 */
function plainAttention(q: Value, k: Value, v: Value, heads: number, bias: Value | undefined): Value {
  const width = size(q, -1) / heads;
  const perHead = (x: Value, axes: readonly number[]) =>
    transpose(reshape(x, [x.shape[0] ?? 1, size(x, 1), heads, size(x, -1) / heads]), axes);
  // Scaled before the product, whose size half precision may not hold.
  const queries = perHead(mul(q, width ** -0.5), [0, 2, 1, 3]);
  const [keys, values] = [perHead(k, [0, 2, 3, 1]), perHead(v, [0, 2, 1, 3])];
  const attend = (part: Value, partBias: Value | undefined) => {
    const scores = matmul(part, keys);
    return matmul(softmax(partBias ? add(scores, partBias) : scores), values);
  };
  const count = size(q, 1);
  const chunk = queriesAtOnce(count, heads * size(k, 1));
  const starts = Array.from({ length: count / chunk }, (_, i) => i * chunk);
  const rows = (x: Value, start: number) => (chunk === count ? x : slice(x, 2, start, start + chunk));
  const [first, ...others] = starts.map((start) => attend(rows(queries, start), bias && rows(bias, start)));
  if (first === undefined) throw new Error("attention: expected a query or more");
  const out = transpose(others.length === 0 ? first : concat([first, ...others], 2), [0, 2, 1, 3]);
  return reshape(out, [out.shape[0] ?? 1, count, size(v, -1)]);
}

/** Scores that are held at once for an entry of the batch: 2²⁶, a quarter of a gigabyte in float32. */
const mostScores = 2 ** 26;

/** The most queries, in equal parts of all, whose scores are no more than that. */
function queriesAtOnce(queries: number, scoresOfOne: number): number {
  for (let parts = 1; parts <= queries; parts++) {
    if (queries % parts === 0 && (queries / parts) * scoresOfOne <= mostScores) return queries / parts;
  }
  return 1;
}

/** Over the last axis. */
function softmax(x: Value): Value {
  return x.graph.node("Softmax", [x], x.type, x.shape, { axis: -1 });
}

/** Mean over 2×2 blocks. */
export function averagePool2(x: Value): Value {
  const shape = [x.shape[0] ?? 1, size(x, 1), Math.floor(size(x, 2) / 2), Math.floor(size(x, 3) / 2)];
  return x.graph.node("AveragePool", [x], x.type, shape, { kernel_shape: [2, 2], strides: [2, 2] });
}

/** Each pixel becomes a 2×2 block. */
export function upsampleNearest2(x: Value): Value {
  const scales = x.graph.constant(Float32Array.of(1, 1, 2, 2), [4]);
  const shape = [x.shape[0] ?? 1, size(x, 1), size(x, 2) * 2, size(x, 3) * 2];
  const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  return x.graph.node("Resize", [x, "", scales], x.type, shape, attributes);
}

/** Bilinear resampling to [height, width]; with `alignCorners` the corner pixels' centres coincide (torch). */
export function resizeBilinear(x: Value, height: number, width: number, { alignCorners = false } = {}): Value {
  // Sizes, because a size that is computed from a rounded scale can be one short.
  const sizes = x.graph.constant(BigInt64Array.of(BigInt(height), BigInt(width)), [2]);
  const shape = [x.shape[0] ?? 1, size(x, 1), height, width];
  const mode = alignCorners ? "align_corners" : "half_pixel";
  return x.graph.node("Resize", [x, "", "", sizes], x.type, shape, {
    mode: "linear",
    coordinate_transformation_mode: mode,
    axes: [2, 3],
  });
}

/** A constant vector made when the graph is loaded, so that it takes no room in the file. */
function filled(x: Value, value: number, length: number): Value {
  const one = x.graph.constant(Float32Array.of(value), [1]);
  const shape = x.graph.constant(BigInt64Array.of(BigInt(length)), [1]);
  return cast(x.graph.node("Expand", [one, shape], "float32", [length]), x.type);
}
