import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { colourDifference, type Lab, labAt } from "./lab.ts";

/** Colours closer than this (ΔE*ab) to the product's edge pass for its continuation. */
const sameColour = 10;
/** How far beyond its edge the product may be found to go on, px. */
const reachPx = 16;

/**
 * Object expansion (Eshratifar et al. 2024, arXiv 2404.10157), E = area(m_out ∪ m_in) − area(m_in), as a part of area(m_in).
 * m_in is every pixel that the product touches. m_out is segmented anew by growing: outwards from the edge, ring by ring, a pixel
 * belongs to it while its colour is that of the product's pixel it was reached from. A background of the product's own colour is
 * thus taken for product, so the real render's E has to be subtracted.
 */
export function objectExpansion(image: RgbaImage, product: GreyImage): number {
  const owner = new Map<number, Lab>();
  let front: number[] = [];
  let area = 0;
  for (const [i, coverage] of product.data.entries()) {
    if (coverage > 0) area++;
    if (coverage !== 255) continue;
    const fringed = neighbours(i, image).some((next) => product.data[next] !== 255);
    if (!fringed) continue;
    owner.set(i, labAt(image, i));
    front.push(i);
  }
  if (area === 0) return 0;
  let grown = 0;
  for (let ring = 0; ring < reachPx && front.length > 0; ring++) {
    const reached: number[] = [];
    for (const from of front) {
      const colour = owner.get(from);
      if (colour === undefined) continue;
      for (const next of neighbours(from, image)) {
        const coverage = product.data[next] ?? 0;
        if (coverage === 255 || owner.has(next)) continue;
        // The antialiased rim is part of m_in: it is walked through, whatever its mixed colour.
        if (coverage === 0 && colourDifference(colour, labAt(image, next)) >= sameColour) continue;
        owner.set(next, colour);
        reached.push(next);
        if (coverage === 0) grown++;
      }
    }
    front = reached;
  }
  return grown / area;
}

function neighbours(index: number, { width, height }: RgbaImage): number[] {
  const [x, y] = [index % width, Math.floor(index / width)];
  return [
    ...(x > 0 ? [index - 1] : []),
    ...(x < width - 1 ? [index + 1] : []),
    ...(y > 0 ? [index - width] : []),
    ...(y < height - 1 ? [index + width] : []),
  ];
}
