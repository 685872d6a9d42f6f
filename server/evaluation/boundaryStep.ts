import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { colourDifference, labAt } from "./lab.ts";

/** How far from the edge is looked, px: past its antialiasing on both sides. */
const reachPx = 2;

/**
 * The mean colour difference ΔE*ab across the product's edge: from 2 px inside to 2 px outside, over all edge pixels and axes where
 * the inside is all product and the outside all background. Our own measure; it is read against the real render's.
 */
export function boundaryStep(image: RgbaImage, product: GreyImage): number | undefined {
  let [sum, count] = [0, 0];
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      if (!isProduct(product, x, y)) continue;
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        if (isProduct(product, x + dx, y + dy)) continue;
        const inside = coverageIndex(product, x - reachPx * dx, y - reachPx * dy);
        const outside = coverageIndex(product, x + (reachPx + 1) * dx, y + (reachPx + 1) * dy);
        if (inside === undefined || outside === undefined) continue;
        if (product.data[inside] !== 255 || product.data[outside] !== 0) continue;
        sum += colourDifference(labAt(image, inside), labAt(image, outside));
        count++;
      }
    }
  }
  return count === 0 ? undefined : sum / count;
}

function isProduct(product: GreyImage, x: number, y: number): boolean {
  const index = coverageIndex(product, x, y);
  // Beyond the frame is no edge: nothing is seen there.
  return index === undefined || (product.data[index] ?? 0) >= 128;
}

function coverageIndex({ width, height }: GreyImage, x: number, y: number): number | undefined {
  return x >= 0 && y >= 0 && x < width && y < height ? y * width + x : undefined;
}
