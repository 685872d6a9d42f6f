import { coverCrop, type Size } from "../../shared/geometry.ts";
import { fillDropped } from "../image/fill.ts";
import { resample } from "../image/resize.ts";
import type { GreyImage, RgbaImage } from "../image/rgba.ts";

/** The reference picture I_ref and its decision mask D, always together: 255 = keep, 0 = drop. */
export interface Reference {
  /** opaque */
  readonly image: RgbaImage;
  readonly mask: GreyImage;
}

/**
 * R3: the picture and D through one and the same crop and resize. The largest centred part with the aspect ratio of
 * `size` is kept; D comes out soft at its edges.
 */
export async function fitReference(reference: Reference, size: Size): Promise<Reference> {
  const part = coverCrop(reference.image, size);
  return {
    image: await resample(reference.image, part, size),
    mask: await resample(reference.mask, part, size),
  };
}

/**
 * Every dropped pixel painted over from what is kept around it. Done at the source, before any resampling or network could
 * spread it: whatever D hides has no influence on the result at all.
 */
export function hideDropped({ image, mask }: Reference): Reference {
  return { image: fillDropped(image, mask), mask };
}
