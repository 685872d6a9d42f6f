import type { GreyImage, RgbaImage } from "./rgba.ts";

/** Colours with a weight each, [H, W, 4]: red, green and blue times the weight, and the weight, 0 … 1. */
interface Weighted {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * `image` with every pixel whose mask is 0 painted over from its surroundings, smoothly: coarser and coarser averages of
 * the other pixels are made until no hole is left, and interpolated back into the holes (push-pull, Gortler et al. 1996,
 * §4). What is painted over has no influence. Mid grey where the mask keeps nothing at all.
 */
export function fillDropped(image: RgbaImage, mask: GreyImage): RgbaImage {
  if (!mask.data.includes(0)) return image;
  const levels = [weighted(image, mask)];
  for (let level = levels[0]; level && (level.width > 1 || level.height > 1); level = levels.at(-1)) {
    levels.push(halved(level));
  }
  const filled = levels.reduceRight(filledFrom);

  const data = image.data.slice();
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] !== 0) continue;
    const weight = filled.data[i * 4 + 3] ?? 0;
    for (let c = 0; c < 3; c++)
      data[i * 4 + c] = weight === 0 ? 128 : Math.round((filled.data[i * 4 + c] ?? 0) / weight);
  }
  return { ...image, data };
}

function weighted(image: RgbaImage, mask: GreyImage): Weighted {
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] === 0) continue;
    for (let c = 0; c < 3; c++) data[i * 4 + c] = image.data[i * 4 + c] ?? 0;
    data[i * 4 + 3] = 1;
  }
  return { width: image.width, height: image.height, data };
}

/** Sums of 2×2 blocks; a block that weighs more than 1 is scaled back to 1. */
function halved({ width, height, data }: Weighted): Weighted {
  const size = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const sums = new Float32Array(size.width * size.height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [(y * width + x) * 4, ((y >> 1) * size.width + (x >> 1)) * 4];
      for (let c = 0; c < 4; c++) sums[to + c] = (sums[to + c] ?? 0) + (data[from + c] ?? 0);
    }
  }
  for (let i = 0; i < sums.length; i += 4) {
    const weight = sums[i + 3] ?? 0;
    if (weight > 1) for (let c = 0; c < 4; c++) sums[i + c] = (sums[i + c] ?? 0) / weight;
  }
  return { ...size, data: sums };
}

/** `fine`, and where it weighs less than 1, for the rest the bilinear interpolation of `coarse`. */
function filledFrom(coarse: Weighted, fine: Weighted): Weighted {
  const data = fine.data.slice();
  for (let y = 0; y < fine.height; y++) {
    const [top, bottom, down] = neighbours(y, coarse.height);
    for (let x = 0; x < fine.width; x++) {
      const at = (y * fine.width + x) * 4;
      const missing = 1 - (fine.data[at + 3] ?? 0);
      if (missing <= 0) continue;
      const [left, right, across] = neighbours(x, coarse.width);
      for (let c = 0; c < 4; c++) {
        const value = (row: number, column: number) => coarse.data[(row * coarse.width + column) * 4 + c] ?? 0;
        const above = value(top, left) * (1 - across) + value(top, right) * across;
        const below = value(bottom, left) * (1 - across) + value(bottom, right) * across;
        data[at + c] = (data[at + c] ?? 0) + missing * (above * (1 - down) + below * down);
      }
    }
  }
  return { width: fine.width, height: fine.height, data };
}

/** The two coarse pixels between whose centres fine pixel `i` lies, and how far towards the second. */
function neighbours(i: number, size: number): readonly [number, number, number] {
  const position = Math.min(Math.max((i + 0.5) / 2 - 0.5, 0), size - 1);
  const low = Math.floor(position);
  return [low, Math.min(low + 1, size - 1), position - low];
}
