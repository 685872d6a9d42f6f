import { dilate } from "../morphology.ts";
import type { GreyImage, RgbaImage } from "../rgba.ts";

/** Patches are squares of 2·patchRadius + 1 pixels. */
export const patchRadius = 3;
/** The pyramid ends before a side gets shorter than this. */
const coarsestSide = 24;
/** px beside a hole in which its edge may still be seen */
const fringe = 2;
/** Of 255: resampling rings, so that what is kept whole can come out a little less. */
const wholly = 250;
/** How much less a dropped pixel counts for each pixel that it is farther from what is kept (Wexler et al., 3.2). */
const confidenceFall = 1.4;

/** One level of the pyramid, [H, W] but for the colours. */
export interface Level {
  readonly width: number;
  readonly height: number;
  /** [H, W, 3] */
  readonly colours: Float32Array;
  /** 1 where there is nothing to copy */
  readonly dropped: Uint8Array;
  /** 1 where kept, less and less into the hole */
  readonly confidence: Float32Array;
  /** 1 where a whole patch of kept pixels is centred */
  readonly isSource: Uint8Array;
  /** the centres of all patches that have dropped pixels, in reading order */
  readonly targets: Int32Array;
}

/** 255 where everything within the fringe is kept, else 0. */
export async function withoutFringe(mask: GreyImage): Promise<GreyImage> {
  const dropped = await dilate({ ...mask, data: mask.data.map((value) => (value >= wholly ? 0 : 255)) }, fringe);
  return { ...dropped, data: dropped.data.map((value) => 255 - value) };
}

/** `image`, whose pixels are dropped where `mask` is 0, and halves of it down to the coarsest; the finest first. */
export function pyramid(image: RgbaImage, mask: GreyImage): Level[] {
  const colours = new Float32Array(mask.data.length * 3);
  for (let i = 0; i < mask.data.length; i++) colours.set(image.data.subarray(i * 4, i * 4 + 3), i * 3);
  const dropped = mask.data.map((value) => (value === 0 ? 1 : 0));
  const levels = [levelOf(image.width, image.height, colours, dropped)];
  for (let finer = levels[0]; finer && Math.min(finer.width, finer.height) >= 2 * coarsestSide; finer = levels.at(-1)) {
    levels.push(halved(finer));
  }
  return levels;
}

function levelOf(width: number, height: number, colours: Float32Array, dropped: Uint8Array): Level {
  const isKept = dropped.map((isDropped) => 1 - isDropped);
  const confidence = stepsTo(width, height, isKept).map((steps) => confidenceFall ** -steps);
  const isSource = new Uint8Array(width * height);
  const targets: number[] = [];
  for (let y = patchRadius; y < height - patchRadius; y++) {
    for (let x = patchRadius; x < width - patchRadius; x++) {
      const centre = y * width + x;
      if (hasDropped(dropped, width, centre)) targets.push(centre);
      else isSource[centre] = 1;
    }
  }
  return { width, height, colours, dropped, confidence, isSource, targets: Int32Array.from(targets) };
}

function hasDropped(dropped: Uint8Array, width: number, centre: number): boolean {
  for (let dy = -patchRadius; dy <= patchRadius; dy++) {
    const from = centre + dy * width;
    for (let i = from - patchRadius; i <= from + patchRadius; i++) if (dropped[i]) return true;
  }
  return false;
}

/** Steps, in eight directions, to the next place where `isSeed` is 1: [H, W]. */
function stepsTo(width: number, height: number, isSeed: Uint8Array): Float32Array {
  const far = width + height;
  const steps = Float32Array.from(isSeed, (seed) => (seed ? 0 : far));
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? far : (steps[y * width + x] ?? 0);
  const lower = (x: number, y: number, side: 1 | -1) => {
    const nearest = Math.min(at(x + side, y), at(x - 1, y + side), at(x, y + side), at(x + 1, y + side));
    steps[y * width + x] = Math.min(at(x, y), nearest + 1);
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) lower(x, y, -1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) lower(x, y, 1);
  return steps;
}

/** Means of 2×2 blocks; dropped is what has a dropped pixel in it. An odd last row or column is left out. */
function halved({ width, height, colours, dropped }: Level): Level {
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const means = new Float32Array(halfWidth * halfHeight * 3);
  const holes = new Uint8Array(halfWidth * halfHeight);
  for (let y = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) {
      const to = y * halfWidth + x;
      const corner = 2 * y * width + 2 * x;
      for (const from of [corner, corner + 1, corner + width, corner + width + 1]) {
        if (dropped[from]) holes[to] = 1;
        for (let c = 0; c < 3; c++) means[to * 3 + c] = (means[to * 3 + c] ?? 0) + (colours[from * 3 + c] ?? 0) / 4;
      }
    }
  }
  return levelOf(halfWidth, halfHeight, means, holes);
}

/** The dropped pixels of `level` from the filled level above it. */
export function enlargeInto(level: Level, coarser: Level): void {
  level.dropped.forEach((dropped, i) => {
    if (!dropped) return;
    const from = above(i, level, coarser);
    for (let c = 0; c < 3; c++) level.colours[i * 3 + c] = coarser.colours[from * 3 + c] ?? 0;
  });
}

/** The pixel of the coarser level that lies over pixel `i`. */
export function above(i: number, level: Level, coarser: Level): number {
  const x = Math.min((i % level.width) >> 1, coarser.width - 1);
  const y = Math.min(Math.floor(i / level.width) >> 1, coarser.height - 1);
  return y * coarser.width + x;
}
