/** A dense tensor in row-major order, as graphs take and give them. */
export type Tensor = FloatTensor | IntTensor;

export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface IntTensor {
  readonly data: BigInt64Array;
  readonly dims: readonly number[];
}

export type NamedTensors = Readonly<Record<string, Tensor>>;

export function floats(data: Float32Array | readonly number[], dims: readonly number[]): FloatTensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== size) throw new Error(`floats: [${dims}] holds ${size} values, got ${data.length}`);
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), dims };
}

export function zeros(dims: readonly number[]): FloatTensor {
  return floats(new Float32Array(dims.reduce((product, dim) => product * dim, 1)), dims);
}

/** The last `batch` entries along the first dimension, in place. */
export function lastOfBatch({ data, dims }: FloatTensor, batch: number): FloatTensor {
  const [all = 1, ...rest] = dims;
  return floats(data.subarray(((all - batch) * data.length) / all), [batch, ...rest]);
}

/** Joins tensors of equal shape along the first (batch) dimension. */
export function concatBatch(tensors: readonly FloatTensor[]): FloatTensor {
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const [, ...rest] = tensors[0]?.dims ?? [];
  return floats(data, [tensors.reduce((sum, tensor) => sum + (tensor.dims[0] ?? 0), 0), ...rest]);
}
