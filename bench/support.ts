import { availableParallelism, cpus } from "node:os";
import { Graph } from "../server/onnx/graph.ts";
import { matmul } from "../server/onnx/ops.ts";

/** Milliseconds of each of `runs` calls after one that is not counted. */
export async function time(runs: number, action: () => Promise<unknown>): Promise<number[]> {
  await action();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begin = performance.now();
    await action();
    times.push(performance.now() - begin);
  }
  return times;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value that this part of all, 0 … 1, lies below. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;
}

/** c = a·b for square matrices of this side: what the machine's ceiling is measured with. */
export function matmulGraph(side: number): Graph {
  const graph = new Graph("ceiling");
  graph.output("c", matmul(graph.input("a", "float32", [side, side]), graph.input("b", "float32", [side, side])));
  return graph;
}

export function machine(): string {
  return `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} threads, Node ${process.versions.node}`;
}
