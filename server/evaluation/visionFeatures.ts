import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { encodeReference } from "../pipeline/encodeReference.ts";
import type { Model } from "../pipeline/model.ts";

/** How much of a patch may be dropped before it is, as in a job (R1). */
const threshold = 0.1;

/** The image tokens [c · D] of a picture, or of the part of it that `visible` (255 = seen) shows. */
export async function imageTokens(model: Model, image: RgbaImage, visible: GreyImage | undefined): Promise<Tokens> {
  const mask = visible ?? { ...image, data: new Uint8Array(image.width * image.height).fill(255) };
  const { data, dims } = await encodeReference(model, { image, mask }, visible && threshold, false);
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
