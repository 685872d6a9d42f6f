import { createHash } from "node:crypto";
import { BackdropError } from "../../shared/errors.ts";
import { type Size, sameAspect } from "../../shared/geometry.ts";
import type { Decided } from "../../shared/modelDefaults.ts";
import type { Settings } from "../../shared/settings.ts";
import { decodeImage } from "../image/decode.ts";
import { resample, whole } from "../image/resize.ts";
import { alphaOf, type GreyImage, luminance, multiplyAlpha, type RgbaImage } from "../image/rgba.ts";
import { halfOpaque, type Reference, referenceOf } from "./reference.ts";

/** One request as it comes in. `name` is what messages call the file. */
export interface JobFiles {
  readonly product: NamedBytes;
  readonly reference: NamedBytes;
  /** white = product; multiplies the picture's own alpha */
  readonly productMask?: NamedBytes | undefined;
  /** white = keep: the decision mask D; multiplies the picture's own alpha */
  readonly referenceMask?: NamedBytes | undefined;
}

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One request, decoded and checked. */
export interface Job {
  /** alpha is the product mask */
  readonly product: RgbaImage;
  readonly reference: Reference;
  readonly settings: Settings & { readonly seed: number };
  /** sha256 of the files as they came in, for the recipe */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A job whose settings leave nothing to the model. */
export type DecidedJob = Job & { readonly settings: Decided<Job["settings"]> };

export async function decodeJob(files: JobFiles, settings: Job["settings"]): Promise<Job> {
  const picture = await decodeImage(files.product.bytes, files.product.name);
  const productMask = await decodeMask(files.productMask, files.product.name, picture);
  const product = productMask ? multiplyAlpha(picture, productMask) : picture;
  if (!alphaOf(product).data.some((alpha) => alpha >= halfOpaque)) {
    const culprit = files.productMask ? `${files.productMask.name} with ${files.product.name}` : files.product.name;
    throw new BackdropError(
      "product_empty",
      `${culprit}: expected a product, got no pixel that is at least half opaque; export the layer with its content visible`,
    );
  }

  const referencePicture = await decodeImage(files.reference.bytes, files.reference.name);
  const decision = await decodeMask(files.referenceMask, files.reference.name, referencePicture);
  const kept = alphaOf(decision ? multiplyAlpha(referencePicture, decision) : referencePicture);
  const reference = referenceOf(referencePicture, kept);

  const present = Object.entries(files).flatMap(([role, file]: [string, NamedBytes | undefined]) =>
    file ? [[role, createHash("sha256").update(file.bytes).digest("hex")] as const] : [],
  );
  return { product, reference, settings, inputs: Object.fromEntries(present) };
}

/** A mask at its picture's size; another size is fine where the aspect ratio is the same. */
async function decodeMask(
  file: NamedBytes | undefined,
  pictureName: string,
  picture: Size,
): Promise<GreyImage | undefined> {
  if (file === undefined) return undefined;
  const mask = luminance(await decodeImage(file.bytes, file.name));
  if (!sameAspect(mask, picture)) {
    throw new BackdropError(
      "mask_mismatch",
      `${file.name}: expected the aspect ratio of ${pictureName} (${picture.width}×${picture.height}, within 1 %), ` +
        `got ${mask.width}×${mask.height}; export the mask at the picture's size`,
    );
  }
  return await resample(mask, whole(mask), { width: picture.width, height: picture.height });
}
