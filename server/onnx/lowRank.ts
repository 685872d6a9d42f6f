import type { Graph, StoredTensor, Value } from "./graph.ts";
import { cast, matmul, mul, reshape } from "./ops.ts";

/** What a LoRA adds to one weight. */
export interface LowRankUpdate {
  /** unique in the graph */
  readonly name: string;
  /** A [r, …] */
  readonly down: StoredTensor;
  /** B [out, r, …] */
  readonly up: StoredTensor;
  /** one number; absent: r */
  readonly alpha: StoredTensor | undefined;
  readonly scale: number;
}

/**
 * scale·(α/r)·B·A in the weight's shape. All of it comes from initializers, so the runtime computes it when it loads the graph,
 * and a step costs what it costs without.
 */
export function lowRankDelta(graph: Graph, update: LowRankUpdate, shape: readonly number[]): Value {
  const { name, down, up, alpha, scale } = update;
  const read = (part: string, tensor: StoredTensor) => cast(graph.stored(`${name}.${part}`, tensor), "float32");
  const [rank = 1] = down.shape;
  const [out = 1, ...rest] = shape;
  const a = reshape(read("down", down), [rank, rest.reduce((n, d) => n * d, 1)]);
  const b = reshape(read("up", up), [out, rank]);
  const product = reshape(matmul(b, a), shape);
  return alpha ? mul(product, mul(read("alpha", alpha), scale / rank)) : mul(product, scale);
}
