import { coverCrop, type Size } from "../../shared/geometry.ts";
import { completeDropped } from "../image/completion/complete.ts";
import { withoutFringe } from "../image/completion/pyramid.ts";
import { fillDropped } from "../image/fill.ts";
import { resample, whole } from "../image/resize.ts";
import { alphaOf, flatten, type GreyImage, type RgbaImage } from "../image/rgba.ts";

/** The reference picture I_ref and its decision mask D, always together: 255 = keep, 0 = drop. */
export interface Reference {
  /** opaque */
  readonly image: RgbaImage;
  readonly mask: GreyImage;
}

/** A pixel counts as product, or as kept, from this alpha or grey on. */
export const halfOpaque = 128;

/** A picture over mid grey, and D ∈ {0, 1} as 0 or 255 (3.2): what is at least half kept. */
export function referenceOf(picture: RgbaImage, kept = alphaOf(picture)): Reference {
  const binary = kept.data.map((value) => (value >= halfOpaque ? 255 : 0));
  return { image: flatten(picture, [128, 128, 128]), mask: { ...kept, data: binary } };
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

/** What is continued is no larger than this: px of the longer side, and pixels that are hidden. Finer than that is left to the model. */
const completedSide = 256;
const completedPixels = 16_000;

/**
 * The reference as a scene without what D hides: the kept picture continued into the hole. Fitted first, so that the work stays within
 * bounds for any picture.
 */
export async function emptyScene({ image, mask }: Reference, signal?: AbortSignal): Promise<RgbaImage> {
  const kept = await withoutFringe(mask);
  const hidden = kept.data.filter((value) => value === 0).length;
  if (hidden === 0) return image;
  const scale = Math.min(1, completedSide / Math.max(image.width, image.height), Math.sqrt(completedPixels / hidden));
  if (scale === 1) return await completeDropped(image, mask, signal);
  const side = (px: number) => Math.max(1, Math.round(px * scale));
  const small: Size = { width: side(image.width), height: side(image.height) };
  const [smallImage, smallMask] = await Promise.all([
    resample(image, whole(image), small),
    resample(mask, whole(mask), small),
  ]);
  const completed = await completeDropped(smallImage, smallMask, signal);
  const enlarged = await resample(completed, whole(small), image);
  const data = image.data.map((value, i) => (kept.data[i >> 2] === 255 ? value : (enlarged.data[i] ?? 0)));
  return { ...image, data };
}

/** Whether D keeps anything of the part that a picture of this shape takes. */
export function keepsAnything({ image, mask }: Reference, shape: Size): boolean {
  const { x, y, width, height } = coverCrop(image, shape);
  for (let row = y; row < y + height; row++) {
    const from = row * mask.width + x;
    if (mask.data.subarray(from, from + width).some((kept) => kept > 0)) return true;
  }
  return false;
}
