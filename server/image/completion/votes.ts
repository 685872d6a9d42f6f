import { fillDropped } from "../fill.ts";
import type { PatchField } from "./patchField.ts";
import { type Level, patchRadius } from "./pyramid.ts";

/** Each dropped pixel becomes what the patches over it want. */
export function elect(level: Level, field: PatchField): void {
  const { sums, weights } = votes(level, field);
  level.dropped.forEach((dropped, i) => {
    const weight = weights[i] ?? 0;
    if (!dropped || weight === 0) return;
    for (let c = 0; c < 3; c++) level.colours[i * 3 + c] = (sums[i * 3 + c] ?? 0) / weight;
  });
}

/**
 * Takes away the seam: by how much the votes miss what is kept beside the hole, smoothly continued into it, is subtracted
 * (Farbman et al. 2009, "Coordinates for Instant Image Cloning", with push-pull as the membrane).
 */
export function blendSeam(level: Level, field: PatchField): void {
  const { width, height, colours, dropped } = level;
  const { sums, weights } = votes(level, field);
  // half of the difference, with 128 as none, so that it fits a picture
  const missed = new Uint8Array(width * height * 4);
  const beside = new Uint8Array(width * height);
  for (let i = 0; i < beside.length; i++) {
    const weight = weights[i] ?? 0;
    if (dropped[i] || weight === 0) continue;
    beside[i] = 255;
    for (let c = 0; c < 3; c++) {
      missed[i * 4 + c] = Math.round(128 + ((sums[i * 3 + c] ?? 0) / weight - (colours[i * 3 + c] ?? 0)) / 2);
    }
  }
  const { data } = fillDropped({ width, height, data: missed }, { width, height, data: beside });
  for (let i = 0; i < beside.length; i++) {
    if (!dropped[i]) continue;
    for (let c = 0; c < 3; c++) {
      const seamless = (colours[i * 3 + c] ?? 0) - 2 * ((data[i * 4 + c] ?? 0) - 128);
      colours[i * 3 + c] = Math.min(Math.max(seamless, 0), 255);
    }
  }
}

/** What the sources of all patches over a pixel have there, the likest and surest counting most: [H, W, 3] sums, [H, W] weights. */
function votes({ width, height, colours, confidence, targets }: Level, { source, cost }: PatchField) {
  const sums = new Float32Array(width * height * 3);
  const weights = new Float32Array(width * height);
  const costs = Float32Array.from(targets, (target) => cost[target] ?? 0).sort();
  const usual = costs[Math.floor(0.75 * costs.length)] ?? 0;
  for (const target of targets) {
    const from = source[target] ?? 0;
    const weight = (confidence[target] ?? 0) * Math.exp(-(cost[target] ?? 0) / (2 * usual + 1)) + 1e-12;
    for (let dy = -patchRadius; dy <= patchRadius; dy++) {
      for (let dx = -patchRadius; dx <= patchRadius; dx++) {
        const offset = dy * width + dx;
        const [to, at] = [target + offset, from + offset];
        for (let c = 0; c < 3; c++) {
          sums[to * 3 + c] = (sums[to * 3 + c] as number) + weight * (colours[at * 3 + c] as number);
        }
        weights[to] = (weights[to] as number) + weight;
      }
    }
  }
  return { sums, weights };
}
