import { type Graph, size, type Value } from "../onnx/graph.ts";
import { add, mul, reshape, sub } from "../onnx/ops.ts";

/** Added to a score to hide its key: exp(−10⁴) is 0 in fp32, and the number itself fits fp16. */
const hiddenScore = -1e4;

/** Hides from each token those that come after it: [1, 1, L, L], to be added to attention scores. */
export function causalBias(graph: Graph, length: number): Value {
  const scores = Float32Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? hiddenScore : 0,
  );
  return graph.constant(scores, [1, 1, length, length]);
}

/** Hides from all `queries` tokens the keys where `visible` [B, L] is 0: [B, 1, queries, L]. */
export function visibilityBias(visible: Value, queries: number): Value {
  const scores = mul(sub(visible, 1), -hiddenScore);
  const everyQuery = visible.graph.constant(new Float32Array(queries), [1, 1, queries, 1]);
  return add(reshape(scores, [visible.shape[0] ?? 1, 1, 1, size(visible, 1)]), everyQuery);
}
