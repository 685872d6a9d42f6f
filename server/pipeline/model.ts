import { BackdropError } from "../../shared/errors.ts";
import type { Size } from "../../shared/geometry.ts";
import type { Precision } from "../../shared/providers.ts";
import type { GraphRequest, VaeTile } from "../checkpoint/graphRequest.ts";
import type { DepthPackage, ModelPackage } from "../checkpoint/modelPackage.ts";
import type { FloatTensor, NamedTensors } from "../runtime/tensor.ts";

/**
 * What the pipeline needs of a model. The engine makes one of a package; tests make one of arithmetic. Graph names,
 * inputs and outputs are the contract (docs/architecture.md).
 */
export interface Model {
  readonly package: ModelPackage;
  readonly precision: Precision;
  /** lends it its depth network, in the place of the package's */
  readonly depthHelper?: DepthPackage | undefined;
  /**
   * Plans a job that paints pictures of these sizes (px), one after the other, for an output of `frame`, and loads all it needs, so that loading is no part of what
   * follows, unless memory is short.
   */
  prepare(works: readonly Size[], frame: Size, wants?: { readonly previews: boolean }): Promise<Preparation>;
  tokenize(text: string): Tokens;
  run(request: GraphRequest, inputs: NamedTensors): Promise<NamedTensors>;
}

export interface Preparation {
  /** memory is too short for the autoencoder to take a picture whole: it works in tiles */
  readonly tiled?: Pick<VaeTile, "statistics">;
  /** whether `preview_decoder` is loaded; where it is not, previews are made by the linear map */
  readonly previewDecoder?: true;
  /** memory is too short for the model's `depthHelper`: the package's own network estimates depth */
  readonly withoutDepthHelper?: true;
}

export interface Tokens {
  /** for each text encoder (SDXL has two) its `maxTokens` ids */
  readonly ids: readonly BigInt64Array[];
  /** whether the text was longer and its end was left out */
  readonly truncated: boolean;
}

/** The named float output, whose shape must be as given (`undefined` where any number will do). */
export function floatOutput(outputs: NamedTensors, name: string, dims: readonly (number | undefined)[]): FloatTensor {
  const tensor = outputs[name];
  const shape = dims.map((dim) => dim ?? "?").join(",");
  if (tensor === undefined) throw broken(name, shape, "nothing");
  const { data } = tensor;
  const fits =
    tensor.dims.length === dims.length && dims.every((dim, i) => dim === undefined || dim === tensor.dims[i]);
  if (!fits || !(data instanceof Float32Array)) throw broken(name, shape, `[${tensor.dims}]`);
  return { data, dims: tensor.dims };
}

function broken(name: string, expected: string, got: string): BackdropError {
  return new BackdropError(
    "model_corrupt",
    `graph output ${name}: expected floats [${expected}], got ${got}; compile the model again`,
  );
}
