import { Graph, type GraphNode, size, type Value } from "../../server/onnx/graph.ts";
import { add, cast, div, mean, mul, reshape, split, sub, transpose } from "../../server/onnx/ops.ts";

/**
 * A graph whose operators for GPUs are written out in ONNX's own, so that a CPU runs it. What they compute is taken from their
 * definitions in ONNX Runtime's docs/ContribOperators.md, not from server/onnx.
 */
export class WrittenOutGraph extends Graph {
  readonly writtenOut: string[] = [];

  override nodes(...[op, inputs, outputs, attributes = {}, domain = ""]: Parameters<Graph["nodes"]>): Value[] {
    const definition = domain === "com.microsoft" ? definitions[op] : undefined;
    if (!definition) return super.nodes(op, inputs, outputs, attributes, domain);
    this.writtenOut.push(op);
    return [
      definition(
        inputs.filter((value) => value !== ""),
        attributes,
      ),
    ];
  }
}

type Definition = (inputs: readonly Value[], attributes: GraphNode["attributes"]) => Value;

const definitions: Readonly<Record<string, Definition>> = {
  /** X [N,H,W,C], W [M,kH,kW,C], B [M] → [N,H',W',M] */
  NhwcConv([x, w, ...bias], attributes) {
    const [picture, weight] = [transpose(given(x), [0, 3, 1, 2]), transpose(given(w), [0, 3, 1, 2])];
    const [kernel, strides, pads] = [attributes.kernel_shape, attributes.strides, attributes.pads].map(integers);
    const out = (axis: number) => {
      const padded = size(picture, axis + 2) + (pads?.[axis] ?? 0) + (pads?.[axis + 2] ?? 0);
      return Math.floor((padded - (kernel?.[axis] ?? 0)) / (strides?.[axis] ?? 1)) + 1;
    };
    const shape = [picture.shape[0] ?? 1, size(weight, 0), out(0), out(1)];
    const y = picture.graph.node("Conv", [picture, weight, ...bias], picture.type, shape, attributes);
    return transpose(y, [0, 2, 3, 1]);
  },

  /** γ(x − mean)/√(variance + ε) + β over each group of channels, in float32; then x·σ(x) where activation is 1 */
  GroupNorm([x, gamma, beta], { groups, epsilon, activation, channels_last: last }) {
    const [input, g] = [cast(given(x), "float32"), Number(groups)];
    const axes = last === 1 ? { channel: 3, pixels: [1, 2] } : { channel: 1, pixels: [2, 3] };
    const c = size(input, axes.channel);
    const pixels = axes.pixels.reduce((n, axis) => n * size(input, axis), 1);
    const batch = input.shape[0] ?? 1;
    const apart = last === 1 ? [batch, pixels, g, c / g] : [batch, g, c / g, pixels];
    const within = last === 1 ? [1, 3] : [2, 3];
    const average = (v: Value) => within.reduce((m, axis) => mean(m, axis), v);
    const centred = sub(reshape(input, apart), average(reshape(input, apart)));
    const variance = add(average(mul(centred, centred)), float(epsilon));
    const normal = reshape(
      div(centred, variance.graph.node("Sqrt", [variance], "float32", variance.shape)),
      input.shape,
    );
    const perChannel = (v: Value | undefined) =>
      reshape(cast(given(v), "float32"), last === 1 ? [1, 1, 1, c] : [1, c, 1, 1]);
    const y = add(mul(normal, perChannel(gamma)), perChannel(beta));
    const active = activation === 1 ? mul(y, y.graph.node("Sigmoid", [y], "float32", y.shape)) : y;
    return cast(active, given(x).type);
  },

  /** left · gelu(right) of x + bias */
  BiasSplitGelu([x, bias]) {
    const [left, right] = split(add(given(x), given(bias)), 2, -1).map((half) => cast(half, "float32"));
    const scaled = mul(given(right), Math.SQRT1_2);
    const erf = scaled.graph.node("Erf", [scaled], "float32", scaled.shape);
    return cast(mul(given(left), mul(mul(given(right), 0.5), add(erf, 1))), given(x).type);
  },
};

function given(value: Value | undefined): Value {
  if (!value) throw new Error("the operator lacks an input");
  return value;
}

function integers(attribute: GraphNode["attributes"][string] | undefined): readonly number[] {
  if (!Array.isArray(attribute)) throw new Error("expected an attribute of integers");
  return attribute.map(Number);
}

function float(attribute: GraphNode["attributes"][string] | undefined): number {
  if (typeof attribute !== "object" || !("float" in attribute)) throw new Error("expected an attribute of one float");
  return attribute.float;
}
