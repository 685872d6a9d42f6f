import type { Target } from "../../shared/providers.ts";
import { Graph, type Value } from "../onnx/graph.ts";
import { attention } from "../onnx/nn.ts";
import { cast, concat, mul, slice } from "../onnx/ops.ts";

/** Of the one head of a full-size autoencoder, which computes in float32 always. */
const autoencoderWidth = 512;
/** Of the heads of Stable Diffusion 1.5 and SDXL. */
const headWidths = [40, 64, 80, 160] as const;
const heads = 2;

/** Pixels, and the text that they attend to. */
const [pixels, tokens] = [256, 77] as const;
const inputWidth = headWidths.reduce((sum, width) => sum + heads * width, autoencoderWidth);

/** The attention of full-size models, whose heads are wider than the embedded one's: `x` [1,256,1200] → `y` [1,256,1888]. */
export function attentionGraph(target: Target): Graph {
  const graph = new Graph("attention", target);
  const x = graph.input("x", "float32", [1, pixels, inputWidth]);
  let taken = 0;
  const take = (width: number) => {
    taken += width;
    return slice(x, 2, taken - width, taken);
  };
  const ofAutoencoder = toPixels(take(autoencoderWidth), 1);
  const ofDenoiser = headWidths.flatMap((width) => {
    const own = cast(take(heads * width), graph.float);
    return [toPixels(own, heads), toText(own)].map((y) => cast(y, "float32"));
  });
  graph.output("y", concat([ofAutoencoder, ...ofDenoiser], 2));
  return graph;
}

function toPixels(x: Value, count: number): Value {
  return attention(x, mul(x, 0.7), mul(x, 1.3), count);
}

function toText(x: Value): Value {
  const text = slice(x, 1, 0, tokens);
  return attention(x, mul(text, 1.5), text, heads);
}
