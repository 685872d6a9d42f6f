import { createHash } from "node:crypto";
import { latentStride } from "../../shared/latents.ts";
import { fillDropped } from "../image/fill.ts";
import { dilate } from "../image/morphology.ts";
import { alphaOf, type RgbaImage } from "../image/rgba.ts";

/** px of the painted picture: edges are that unsure in latents. */
const fringePx = latentStride / 2;

/** out = product·a + background·(1 − a); where the product is opaque its bytes are copied. The result is opaque. */
export function pasteProduct(background: RgbaImage, product: RgbaImage): RgbaImage {
  const data = background.data.slice();
  for (let i = 0; i < data.length; i += 4) {
    const alpha = product.data[i + 3] ?? 0;
    for (let c = 0; c < 3; c++) {
      const above = product.data[i + c] ?? 0;
      const below = background.data[i + c] ?? 0;
      data[i + c] = alpha === 255 ? above : Math.round((above * alpha + below * (255 - alpha)) / 255);
    }
    data[i + 3] = 255;
  }
  return { width: background.width, height: background.height, data };
}

/**
 * The painted picture with the product, and the fringe that the decoder leaves around it, painted over from the surroundings: nothing
 * of it is seen beside the real product, or where that is moved away.
 */
export async function withoutProduct(painted: RgbaImage, product: RgbaImage): Promise<RgbaImage> {
  const near = await dilate(alphaOf(product), fringePx);
  return fillDropped(painted, { ...near, data: near.data.map((value) => (value === 0 ? 255 : 0)) });
}

/** The proof that the product is untouched, over the pixels where it is opaque. */
export interface ProductProof {
  readonly opaquePixels: number;
  readonly changedPixels: number;
  readonly sha256Before: string;
  readonly sha256After: string;
}

/** Compares the placed product with a delivered picture of the same size. */
export function proveProduct(product: RgbaImage, delivered: RgbaImage): ProductProof {
  const [before, after] = [createHash("sha256"), createHash("sha256")];
  // row by row: hashing single pixels is slow, gathering all of them is large
  const [rowBefore, rowAfter] = [new Uint8Array(product.width * 3), new Uint8Array(product.width * 3)];
  let [opaquePixels, changedPixels] = [0, 0];
  for (let y = 0; y < product.height; y++) {
    let length = 0;
    for (let i = y * product.width * 4; i < (y + 1) * product.width * 4; i += 4) {
      if (product.data[i + 3] !== 255) continue;
      let changed = false;
      for (let c = 0; c < 3; c++, length++) {
        rowBefore[length] = product.data[i + c] ?? 0;
        rowAfter[length] = delivered.data[i + c] ?? 0;
        changed ||= rowBefore[length] !== rowAfter[length];
      }
      opaquePixels++;
      if (changed) changedPixels++;
    }
    before.update(rowBefore.subarray(0, length));
    after.update(rowAfter.subarray(0, length));
  }
  return { opaquePixels, changedPixels, sha256Before: before.digest("hex"), sha256After: after.digest("hex") };
}
