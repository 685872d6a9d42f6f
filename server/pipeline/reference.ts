import { coverCrop, type Size } from "../../shared/geometry.ts";
import { completeDropped } from "../image/completion/complete.ts";
import { fillDropped } from "../image/fill.ts";
import { resample, whole } from "../image/resize.ts";
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

/** px: the longer side at which a hidden part is continued; finer than that is left to the model */
const completedSide = 256;

/**
 * The reference as a scene without what D hides: the kept picture continued into the hole. Fitted first, so that the work stays within
 * bounds for any picture.
 */
export async function emptyScene({ image, mask }: Reference): Promise<RgbaImage> {
  const scale = Math.min(1, completedSide / Math.max(image.width, image.height));
  if (scale === 1) return completeDropped(image, mask);
  const small: Size = { width: Math.round(image.width * scale), height: Math.round(image.height * scale) };
  const [smallImage, smallMask] = await Promise.all([
    resample(image, whole(image), small),
    resample(mask, whole(mask), small),
  ]);
  const completed = completeDropped(smallImage, smallMask);
  const enlarged = await resample(completed, whole(small), image);
  return {
    ...image,
    data: image.data.map((value, i) => (mask.data[i >> 2] === 255 ? value : (enlarged.data[i] ?? 0))),
  };
}
