import type { RgbaImage } from "../image/rgba.ts";
import { encodeReference } from "../pipeline/encodeReference.ts";
import type { Model } from "../pipeline/model.ts";

/** The image tokens [c · D] of a picture. */
export async function imageTokens(model: Model, image: RgbaImage): Promise<Tokens> {
  const mask = { ...image, data: new Uint8Array(image.width * image.height).fill(255) };
  const { data, dims } = await encodeReference(model, { image, mask }, undefined, false);
  return { flat: data, width: dims[2] ?? 0 };
}

export interface Tokens {
  readonly flat: Float32Array;
  /** D: values a token */
  readonly width: number;
}

/** The feature space of FID and KID here: the mean of the tokens, [D]. */
export function pooled({ flat, width }: Tokens): Float64Array {
  const sum = new Float64Array(width);
  for (const [i, value] of flat.entries()) sum[i % width] = (sum[i % width] ?? 0) + value;
  return sum.map((value) => (value * width) / flat.length);
}
