import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import type { Plane } from "../pipeline/plane.ts";
import { contrasts, scales, weighted } from "./contrasts.ts";

/** So that a picture of one colour has a roughness too: a tenth of a level. */
const faintest = (0.1 / 255) ** 2;

/**
 * How rough a background is: log₂ of the root mean square contrast of neighbours, the mean over scales and directions. 1 more is twice the contrast.
 * Undefined where the sides cannot be halved often enough.
 */
export function roughness(image: RgbaImage, product: GreyImage): number | undefined {
  if ([image.width, image.height].some((side) => side % 2 ** (scales - 1) !== 0)) return undefined;
  const logs = contrasts(image, product).map(({ squares, weight }) => {
    const [energy, count] = [sum(weighted(squares, weight)), sum(weight)];
    return 0.5 * Math.log2(energy / Math.max(count, 1) + faintest);
  });
  return logs.reduce((total, log) => total + log, 0) / logs.length;
}

function sum({ data }: Plane): number {
  let total = 0;
  for (const value of data) total += value;
  return total;
}
