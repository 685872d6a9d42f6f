import type { Target } from "../../shared/providers.ts";
import { Graph } from "../onnx/graph.ts";
import { gatedGelu } from "../onnx/nn.ts";
import { cast } from "../onnx/ops.ts";

/** Of the narrowest transformer blocks of Stable Diffusion: from there on the gate is one operator on CUDA. */
const width = 2560;
export const gateInput = [1, 64, width] as const;

/** What the denoiser of a full-size model has, and no narrower one: the gate of a transformer block, `x` [1,64,2560] → `y` [1,64,1280]. */
export function gateGraph(target: Target): Graph {
  const graph = new Graph("gate", target);
  const values = Float32Array.from({ length: width }, (_, i) => Math.cos(i));
  const x = cast(graph.input("x", "float32", gateInput), graph.float);
  const bias = cast(graph.constant(values, [width]), graph.float);
  graph.output("y", cast(gatedGelu(x, bias), "float32"));
  return graph;
}
