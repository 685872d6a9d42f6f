import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { mean } from "./spread.ts";

/** Levels a channel: 8 × 8 × 8 bins. */
const levels = 8;

/** Part of the pixels in each colour bin; sums to 1, or is all 0 where no pixel counts. */
export type Histogram = Float64Array;

/** Of the pixels whose coverage is exactly this: 255 the product, 0 what is behind it. */
export function histogram(image: RgbaImage, product: GreyImage, coverage: 0 | 255): Histogram {
  const bins = new Float64Array(levels ** 3);
  for (const [i, value] of product.data.entries()) {
    if (value !== coverage) continue;
    const [r, g, b] = [0, 1, 2].map((c) => Math.floor(((image.data[i * 4 + c] ?? 0) * levels) / 256));
    const bin = ((r ?? 0) * levels + (g ?? 0)) * levels + (b ?? 0);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return normalised(bins);
}

/** The colours by which a product is told from what stands around it: max(0, h_product − h_visible), normalised. */
export function ownColours(product: Histogram, visible: Histogram): Histogram {
  return normalised(product.map((value, bin) => Math.max(0, value - (visible[bin] ?? 0))));
}

/**
 * How much more of the hidden product's own colours the generated background has than of other products':
 * I(G, w_hidden) − mean I(G, w_other), with the histogram intersection I(G, w) = Σ min(G, w) (Swain & Ballard 1991). About 0 where nothing leaks.
 */
export function colourLeak(generated: Histogram, hidden: Histogram, others: readonly Histogram[]): number {
  return intersection(generated, hidden) - mean(others.map((other) => intersection(generated, other)));
}

/** How much more of the hidden product's own colours the background has than one painted with that product in negative: exactly 0 where nothing of it gets through. */
export function causedLeak(generated: Histogram, counterfactual: Histogram, hidden: Histogram): number {
  return intersection(generated, hidden) - intersection(counterfactual, hidden);
}

function intersection(a: Histogram, b: Histogram): number {
  return a.reduce((sum, value, bin) => sum + Math.min(value, b[bin] ?? 0), 0);
}

function normalised(bins: Float64Array): Histogram {
  const total = bins.reduce((sum, value) => sum + value, 0);
  return total === 0 ? bins : bins.map((value) => value / total);
}
