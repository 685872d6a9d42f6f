import { size, type Value } from "./graph.ts";
import { channels, height, inNchw, pictureShape, toNchw, toPixel, width } from "./layout.ts";
import {
  abs,
  add,
  cast,
  concat,
  div,
  gelu,
  isFusedOn,
  matmul,
  matmulTransposed,
  mean,
  mul,
  reshape,
  silu,
  slice,
  split,
  sqrt,
  sub,
  transpose,
} from "./ops.ts";
import type { Attribute } from "./protobuf.ts";
import { formatShape } from "./shape.ts";
import { winogradConv3x3 } from "./winograd.ts";

// The kernels of neural networks. What a target wants done differently is decided here, never in server/networks.
// Shapes of pictures are written [B,C,H,W]; in memory they have the graph's layout.

const microsoft = "com.microsoft";

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
  if (channels(x) !== size(weight, 1)) {
    throw new Error(`conv2d: ${formatShape(x.shape)} does not fit weight ${formatShape(weight.shape)}`);
  }
  if (isFasterByWinograd(x, weight, options)) return winogradConv3x3(x, weight, bias);
  const h = Math.floor((height(x) + top + bottom - kernel[0]) / stride) + 1;
  const w = Math.floor((width(x) + left + right - kernel[1]) / stride) + 1;
  const shape = pictureShape(x, size(weight, 0), h, w);
  const attributes: Record<string, Attribute> = { kernel_shape: kernel, pads, strides: [stride, stride] };
  const rest = bias ? [bias] : [];
  if (x.graph.layout === "NCHW") return x.graph.node("Conv", [x, weight, ...rest], x.type, shape, attributes);
  // [Cout,kH,kW,Cin], made when the graph is loaded; CUDA's kernel takes it for that only where it is constant by then.
  const channelsLast = transpose(weight, [0, 2, 3, 1]);
  return x.graph.node("NhwcConv", [x, channelsLast, ...rest], x.type, shape, attributes, microsoft);
}

/** Measured on the CPU: of narrow layers nothing is gained; of small pictures neither, as the weights are transformed at each run. */
function isFasterByWinograd(x: Value, weight: Value, { stride = 1, padding = 0 }: Convolution): boolean {
  const keepsSize = size(weight, 2) === 3 && size(weight, 3) === 3 && stride === 1 && padding === 1;
  const { target, layout, isRepeated } = x.graph;
  const isExact = target.provider === "cpu" && target.precision !== "fp16";
  if (!keepsSize || !isExact || layout !== "NCHW" || !isRepeated) return false;
  return Math.min(size(weight, 0), size(weight, 1)) >= 256 && height(x) * width(x) >= 32 ** 2;
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
  return x.graph.node("DynamicQuantizeMatMul", [x, integers, scale, zeroPoint], x.type, shape, {}, microsoft);
}

/** The greatest of each column: [N, M] → [M] */
function greatest(x: Value): Value {
  const rows = x.graph.constant(BigInt64Array.of(0n), [1]);
  return x.graph.node("ReduceMax", [x, rows], x.type, [size(x, 1)], { keepdims: 0 });
}

/** Transposed convolution with kernel = stride (no overlap). weight [Cin,Cout,k,k] → [B,Cout,kH,kW]. */
export function convTranspose2d(picture: Value, weight: Value, bias: Value): Value {
  const k = size(weight, 2);
  return inNchw(picture, (x) => {
    const shape = [x.shape[0] ?? 1, size(weight, 1), size(x, 2) * k, size(x, 3) * k];
    return x.graph.node("ConvTranspose", [x, weight, bias], x.type, shape, { kernel_shape: [k, k], strides: [k, k] });
  });
}

/** Normalises the last axis, then γx + β. */
export function layerNorm(x: Value, gamma: Value, beta: Value, eps: number): Value {
  return x.graph.node("LayerNormalization", [x, gamma, beta], x.type, x.shape, { axis: -1, epsilon: { float: eps } });
}

export type Activation = "none" | "silu";

/** Group normalisation of x [B,C,H,W] with γ, β [C], then the activation. */
export function groupNorm(
  x: Value,
  gamma: Value,
  beta: Value,
  groups: number,
  eps: number,
  activation: Activation = "none",
): Value {
  if (!hasFusedGroupNorm(x, groups)) {
    const y = inNchw(x, (value) => plainGroupNorm(value, gamma, beta, groups, eps));
    return activation === "silu" ? silu(y) : y;
  }
  const attributes = {
    groups,
    epsilon: { float: eps },
    activation: activation === "silu" ? 1 : 0,
    channels_last: x.graph.layout === "NHWC" ? 1 : 0,
  };
  // CUDA's kernel takes float32 only, whatever x is; DirectML's would cast what is not of x's type, and at every pixel.
  const perChannel = (v: Value) => (x.graph.target.provider === "cuda" ? cast(v, "float32") : v);
  const inputs = [x, perChannel(gamma), perChannel(beta)];
  return x.graph.node("GroupNorm", inputs, x.type, x.shape, attributes, microsoft);
}

/** CUDA's kernel wants channels last and reads two channels of a group at a time, a group in a block of 512 or fewer. */
function hasFusedGroupNorm(x: Value, groups: number): boolean {
  const inGroup = channels(x) / groups;
  const isForCuda = x.graph.layout === "NHWC" && inGroup % 2 === 0 && inGroup <= 512;
  return isFusedOn(x, "dml") || (isFusedOn(x, "cuda") && isForCuda);
}

/** As LayerNormalization over [B, G, C/G·H·W], then γ and β: the fastest of the forms measured on the CPU. */
function plainGroupNorm(x: Value, gamma: Value, beta: Value, groups: number, eps: number): Value {
  const channelCount = size(x, 1);
  const inGroup = (channelCount / groups) * size(x, 2) * size(x, 3);
  const flat = reshape(x, [x.shape[0] ?? 1, groups, inGroup]);
  const normal = reshape(layerNorm(flat, filled(x, 1, inGroup), filled(x, 0, inGroup), eps), x.shape);
  return add(mul(normal, reshape(gamma, [1, channelCount, 1, 1])), reshape(beta, [1, channelCount, 1, 1]));
}

/** Mean and variance of each group of x [B,C,H,W], which its group norm goes by → [B,G,2] in float32 */
export function groupMoments(picture: Value, groups: number): Value {
  const x = cast(toNchw(picture), "float32");
  const inGroup = (size(x, 1) / groups) * size(x, 2) * size(x, 3);
  const flat = reshape(x, [x.shape[0] ?? 1, groups, inGroup]);
  const centre = mean(flat, 2);
  const apart = sub(flat, centre);
  return concat([centre, mean(mul(apart, apart), 2)], 2);
}

/**
 * Group normalisation that goes by a mean μ and variance σ² it is given, moments [B,G,2], then the activation:
 * γ(x − μ)/√(σ² + ε) + β = ax + b with one a and b for a channel.
 */
export function groupNormBy(
  moments: Value,
  x: Value,
  gamma: Value,
  beta: Value,
  eps: number,
  activation: Activation = "none",
): Value {
  const [batch, groups] = [moments.shape[0] ?? 1, size(moments, 1)];
  const grouped = (v: Value) => reshape(cast(v, "float32"), [1, groups, size(v, 0) / groups]);
  const perChannel = (v: Value) => toPixel(cast(reshape(v, [batch, channels(x)]), x.type));
  const a = div(grouped(gamma), sqrt(add(slice(moments, 2, 1, 2), eps)));
  const b = sub(grouped(beta), mul(a, slice(moments, 2, 0, 1)));
  const y = add(mul(x, perChannel(a)), perChannel(b));
  return activation === "silu" ? silu(y) : y;
}

/** a · gelu(b) with a‖b = x + bias.   x [B,S,2D], bias [2D] → [B,S,D] */
export function gatedGelu(x: Value, bias: Value): Value {
  if (hasFusedGatedGelu(x)) {
    const shape = [...x.shape.slice(0, -1), size(x, -1) / 2];
    return x.graph.node("BiasSplitGelu", [x, bias], x.type, shape, {}, microsoft);
  }
  const [a, b] = split(add(x, bias), 2, -1);
  if (!a || !b) throw new Error("two halves");
  return mul(a, gelu(b));
}

/** CUDA's kernel is compiled for the widths of Stable Diffusion. */
function hasFusedGatedGelu(x: Value): boolean {
  return isFusedOn(x, "dml") || (isFusedOn(x, "cuda") && [2560, 5120, 10240].includes(size(x, -1)));
}

/**
 * softmax(QKᵀ/√d + bias)·V in `heads` heads. q [B,S,H·d], k and v [B,L,H·d]; bias [1|B, 1|H, S, L] is added to
 * the scores.
 */
export function attention(q: Value, k: Value, v: Value, heads: number, bias?: Value): Value {
  if (!isFusedOn(q, "cpu", "cuda", "dml", "webgpu")) return plainAttention(q, k, v, heads, bias);
  const inputs = bias ? [q, k, v, "" as const, "" as const, bias] : [q, k, v];
  const shape = [...q.shape.slice(0, -1), size(v, -1)];
  return q.graph.node("MultiHeadAttention", inputs, q.type, shape, { num_heads: heads }, microsoft);
}

/**
 * The same in single operators, for Core ML, which has no other, and where the fused one is wrong: on WebGPU it takes FlashAttention, which
 * is so by a tenth of the values where subgroups are small (measured with 4 and 8 lanes, 32 queries and more).
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
export function averagePool2(picture: Value): Value {
  return inNchw(picture, (x) => {
    const shape = [x.shape[0] ?? 1, size(x, 1), Math.floor(size(x, 2) / 2), Math.floor(size(x, 3) / 2)];
    return x.graph.node("AveragePool", [x], x.type, shape, { kernel_shape: [2, 2], strides: [2, 2] });
  });
}

/** Each pixel becomes a 2×2 block. */
export function upsampleNearest2(x: Value): Value {
  if (x.graph.layout === "NHWC") return repeatPixels(x);
  const scales = x.graph.constant(Float32Array.of(1, 1, 2, 2), [4]);
  const shape = [x.shape[0] ?? 1, size(x, 1), size(x, 2) * 2, size(x, 3) * 2];
  const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  return x.graph.node("Resize", [x, "", scales], x.type, shape, attributes);
}

/** Resize is made for channels first. [B,H,W,C] → [B,H,1,W,1,C] → [B,H,2,W,2,C] → [B,2H,2W,C] */
function repeatPixels(x: Value): Value {
  const [batch, h, w, c] = [x.shape[0] ?? 1, height(x), width(x), channels(x)];
  const apart = reshape(x, [batch, h, 1, w, 1, c]);
  const twice = x.graph.constant(BigInt64Array.of(1n, 1n, 2n, 1n, 2n, 1n), [6]);
  const repeated = x.graph.node("Expand", [apart, twice], x.type, [batch, h, 2, w, 2, c]);
  return reshape(repeated, [batch, 2 * h, 2 * w, c]);
}

/** Bilinear resampling to [H', W']; with `alignCorners` the corner pixels' centres coincide (torch). */
export function resizeBilinear(picture: Value, h: number, w: number, { alignCorners = false } = {}): Value {
  return inNchw(picture, (x) => {
    // Sizes, because a size that is computed from a rounded scale can be one short.
    const sizes = x.graph.constant(BigInt64Array.of(BigInt(h), BigInt(w)), [2]);
    const shape = [x.shape[0] ?? 1, size(x, 1), h, w];
    const mode = alignCorners ? "align_corners" : "half_pixel";
    return x.graph.node("Resize", [x, "", "", sizes], x.type, shape, {
      mode: "linear",
      coordinate_transformation_mode: mode,
      axes: [2, 3],
    });
  });
}

/** A constant vector made when the graph is loaded, so that it takes no room in the file. */
function filled(x: Value, value: number, length: number): Value {
  const one = x.graph.constant(Float32Array.of(value), [1]);
  const shape = x.graph.constant(BigInt64Array.of(BigInt(length)), [1]);
  return cast(x.graph.node("Expand", [one, shape], "float32", [length]), x.type);
}
