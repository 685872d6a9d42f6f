import { size, type Value } from "./graph.ts";
import { add, matmul, matmulTransposed, reshape, slice } from "./ops.ts";

// Winograd's convolution F(4×4, 3×3) (Lavin & Gray 2016, arXiv 1509.09308): 4×4 outputs from 6×6 inputs with 36 products instead of 144.
// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A of each tile d and filter g; summed over channels, each of the 36 places is a matrix product.

/** Outputs of a tile, and the inputs that they depend on, a side. */
const tile = 4;
const patch = 6;

const bT = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const g = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const aT = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/**
 * Convolution with 3×3 weights that keeps the size. The weights are transformed at each run, since kept they would be four times as large
 * (ONNX Runtime folds no FusedMatMul of constants); the patches and their products are 2.25 times x and the result.
 * x [B,Cin,H,W], weight [Cout,Cin,3,3], bias [Cout] → [B,Cout,H,W].
 */
export function winogradConv3x3(x: Value, weight: Value, bias: Value | undefined): Value {
  const batch = x.shape[0] ?? 1;
  const [cIn, cOut, height, width] = [size(x, 1), size(weight, 0), size(x, 2), size(x, 3)];
  const [h, w] = [Math.ceil(height / tile), Math.ceil(width / tile)];
  const u = matmulTransposed(kronecker(x, g), reshape(weight, [cOut * cIn, 9])); // [36,Cout·Cin]
  const v = reshape(patches(x, h, w), [batch, patch ** 2, cIn, h * w]);
  const m = matmul(reshape(u, [patch ** 2, cOut, cIn]), v); // [B,36,Cout,hw]
  const y = matmul(kronecker(x, aT), reshape(m, [batch, patch ** 2, cOut * h * w])); // [B,16,Cout·hw]
  const blocks = reshape(y, [batch, tile ** 2 * cOut, h, w]);
  const shape = [batch, cOut, tile * h, tile * w];
  const whole = x.graph.node("DepthToSpace", [blocks], x.type, shape, { blocksize: tile });
  const picture = firstOf(firstOf(whole, 2, height), 3, width);
  return bias ? add(picture, reshape(bias, [1, cOut, 1, 1])) : picture;
}

/** Bᵀ d B of every tile of every channel, as a convolution in which channels are a third axis of space: [B,Cin,H,W] → [B,36,Cin,h,w]. */
function patches(x: Value, h: number, w: number): Value {
  const [batch, cIn, height, width] = [x.shape[0] ?? 1, size(x, 1), size(x, 2), size(x, 3)];
  const filters = reshape(kronecker(x, bT), [patch ** 2, 1, 1, patch, patch]);
  return x.graph.node(
    "Conv",
    [reshape(x, [batch, 1, cIn, height, width]), filters],
    x.type,
    [batch, patch ** 2, cIn, h, w],
    {
      kernel_shape: [1, patch, patch],
      strides: [1, tile, tile],
      pads: [0, 1, 1, 0, 1 + tile * h - height, 1 + tile * w - width],
    },
  );
}

function firstOf(x: Value, axis: number, count: number): Value {
  return size(x, axis) === count ? x : slice(x, axis, 0, count);
}

/** M ⊗ M: what M · Mᵀ does to a square, for the square as a vector. */
function kronecker(x: Value, m: readonly (readonly number[])[]): Value {
  const data = m.flatMap((rowA) => m.flatMap((rowB) => rowA.flatMap((a) => rowB.map((b) => a * b))));
  const columns = (m[0]?.length ?? 0) ** 2;
  return x.graph.constant(Float32Array.from(data), [m.length ** 2, columns]);
}
