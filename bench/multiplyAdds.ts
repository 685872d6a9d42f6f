import { type Graph, type GraphNode, size } from "../server/onnx/graph.ts";
import type { Dim } from "../server/onnx/shape.ts";

/** Multiply-adds of one run of a graph: convolutions, matrix products and attention; the rest is not counted. */
export function multiplyAdds(graph: Graph, batch: number): number {
  const count = (shape: readonly Dim[]) => shape.reduce<number>((n, d) => n * (d === "B" ? batch : d), 1);
  return graph.operations.reduce((total, node) => total + ofNode(node, count), 0);
}

function ofNode({ op, inputs, outputs }: GraphNode, count: (shape: readonly Dim[]) => number): number {
  const [a, b, c] = inputs;
  const [out] = outputs;
  if (!a || !b || !out) return 0;
  switch (op) {
    case "Conv":
    case "NhwcConv":
    case "ConvTranspose":
      return count(out.shape) * count(b.shape.slice(1));
    case "MatMul":
    case "FusedMatMul":
    case "Gemm":
      return count(out.shape) * size(a, -1);
    case "MultiHeadAttention":
      return c ? count(a.shape) * size(b, 1) + count(out.shape) * size(c, 1) : 0;
    default:
      return 0;
  }
}
