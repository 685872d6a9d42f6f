import { readFile } from "node:fs/promises";
import { decodeImage } from "../image/decode.ts";
import { encodePng } from "../image/encode.ts";
import { type GreyImage, luminance, type RgbaImage } from "../image/rgba.ts";
import type { JobFiles } from "../pipeline/job.ts";
import type { HeldOutScene } from "./heldOut.ts";

/** A render and where its product is: coverage, 255 = product. */
export interface Render {
  readonly image: RgbaImage;
  readonly product: GreyImage;
}

export async function readRender(picture: string, mask: string): Promise<Render> {
  const image = await decodeImage(await readFile(picture), picture);
  return { image, product: luminance(await decodeImage(await readFile(mask), mask)) };
}

/** The scene as a request: its product, cut out by its mask, where it stood; D keeps the reference without its product. */
export async function jobFilesOf(scene: HeldOutScene): Promise<JobFiles> {
  const { product } = await readRender(scene.reference, scene.referenceMask);
  return {
    product: { name: scene.picture, bytes: await readFile(scene.picture) },
    productMask: { name: scene.mask, bytes: await readFile(scene.mask) },
    reference: { name: scene.reference, bytes: await readFile(scene.reference) },
    referenceMask: { name: `D of ${scene.reference}`, bytes: await encodePng(decisionMask(product)) },
  };
}

/** White where no part of the product is: a pixel that it only touches is dropped too. */
function decisionMask(product: GreyImage): RgbaImage {
  const data = new Uint8Array(product.data.length * 4).fill(255);
  for (const [i, coverage] of product.data.entries()) if (coverage > 0) data.fill(0, i * 4, i * 4 + 3);
  return { width: product.width, height: product.height, data };
}
