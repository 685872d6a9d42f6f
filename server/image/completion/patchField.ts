import { above, type Level, patchRadius } from "./pyramid.ts";

/** What a source costs for being higher or lower by the whole picture, as a squared difference of each of its values: ground stays below. */
const heightCost = 600;

/** For the centre of each target: the centre of the source found most like it, and how unlike it is; [H, W] each. */
export interface PatchField {
  /** −1 where there is no target */
  readonly source: Int32Array;
  readonly cost: Float32Array;
}

/** Each target's source lies twice as far away as the one above it did; where that is none, anywhere. */
export function startField(
  level: Level,
  random: () => number,
  coarser?: { field: PatchField; level: Level },
): PatchField {
  const source = new Int32Array(level.width * level.height).fill(-1);
  const sources = Array.from(level.isSource.keys()).filter((i) => level.isSource[i] === 1);
  for (const target of level.targets) {
    const continued = coarser && continuedSource(level, target, coarser);
    source[target] = continued ?? sources[Math.floor(random() * sources.length)] ?? 0;
  }
  return { source, cost: new Float32Array(source.length) };
}

function continuedSource(
  level: Level,
  target: number,
  coarser: { field: PatchField; level: Level },
): number | undefined {
  const over = above(target, level, coarser.level);
  const found = coarser.field.source[over] ?? -1;
  if (found < 0) return undefined;
  const { width } = coarser.level;
  const [right, down] = [(found % width) - (over % width), Math.floor(found / width) - Math.floor(over / width)];
  const moved = target + 2 * down * level.width + 2 * right;
  return level.isSource[moved] ? moved : undefined;
}

/** A round of PatchMatch (Barnes et al. 2009) over the targets: in reading order and back. */
export function match(level: Level, field: PatchField, random: () => number): void {
  for (const target of level.targets) {
    field.cost[target] = unlikeness(level, target, field.source[target] ?? 0, Number.POSITIVE_INFINITY);
  }
  for (const target of level.targets) improve(level, field, target, -1, random);
  for (let i = level.targets.length - 1; i >= 0; i--) improve(level, field, level.targets[i] ?? 0, 1, random);
}

/** Tries what the neighbours before it (`side` −1) or after it have found, moved along, and places ever nearer to the best. */
function improve(level: Level, { source, cost }: PatchField, target: number, side: 1 | -1, random: () => number): void {
  const { width, height, isSource } = level;
  let best = source[target] ?? 0;
  let least = cost[target] ?? 0;
  const attempt = (candidate: number) => {
    if (candidate === best || !isSource[candidate]) return;
    const unlike = unlikeness(level, target, candidate, least);
    if (unlike < least) [best, least] = [candidate, unlike];
  };
  for (const step of [side, side * width]) {
    const found = source[target + step] ?? -1;
    if (found >= 0) attempt(found - step);
  }
  for (let reach = Math.max(width, height); reach >= 1; reach /= 2) {
    const x = (best % width) + Math.round((2 * random() - 1) * reach);
    const y = Math.floor(best / width) + Math.round((2 * random() - 1) * reach);
    if (x >= 0 && x < width && y >= 0 && y < height) attempt(y * width + x);
  }
  source[target] = best;
  cost[target] = least;
}

/** The squared difference of two patches, each pixel counting as it can be relied on, and of their heights; given up above `limit`. */
function unlikeness(level: Level, target: number, source: number, limit: number): number {
  const { width, height, colours, confidence } = level;
  const rise = (Math.floor(source / width) - Math.floor(target / width)) / height;
  let sum = heightCost * 3 * (2 * patchRadius + 1) ** 2 * rise * rise;
  for (let dy = -patchRadius; dy <= patchRadius && sum < limit; dy++) {
    const row = dy * width - patchRadius;
    let a = (target + row) * 3;
    let b = (source + row) * 3;
    for (let i = target + row; i <= target + row + 2 * patchRadius; i++) {
      const red = (colours[a++] as number) - (colours[b++] as number);
      const green = (colours[a++] as number) - (colours[b++] as number);
      const blue = (colours[a++] as number) - (colours[b++] as number);
      sum += (confidence[i] as number) * (red * red + green * green + blue * blue);
    }
  }
  return sum;
}
