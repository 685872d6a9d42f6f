import type { GreyImage } from "../image/rgba.ts";

/**
 * The patch mask D_p of PFV (3.2), one value a patch in row order: [N], 1 = visible, 0 = dropped. A patch with more than
 * τ·P² dropped pixels is dropped whole (R1), any other is visible whole (R2).
 * @param mask D at the vision encoder's picture size; below half counts as dropped
 */
export function patchVisibility(mask: GreyImage, patchSize: number, threshold: number): Float32Array {
  const [columns, rows] = [mask.width / patchSize, mask.height / patchSize];
  if (!Number.isInteger(columns) || !Number.isInteger(rows)) {
    throw new Error(`patchVisibility: ${mask.width}×${mask.height} is no grid of ${patchSize} px patches`);
  }
  const dropped = new Float32Array(columns * rows);
  mask.data.forEach((value, i) => {
    const column = Math.floor((i % mask.width) / patchSize);
    const row = Math.floor(i / mask.width / patchSize);
    if (value < 128) dropped[row * columns + column] = (dropped[row * columns + column] ?? 0) + 1;
  });
  return dropped.map((count) => (count > threshold * patchSize ** 2 ? 0 : 1));
}
