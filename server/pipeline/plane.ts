import type { Size } from "../../shared/geometry.ts";
import type { GreyImage } from "../image/rgba.ts";

/** One float a pixel, [H, W]: masks and depth maps. */
export interface Plane extends Size {
  readonly data: Float32Array;
}

/** 0 … 255 to 0 … 1 */
export function toPlane(image: GreyImage): Plane {
  return { width: image.width, height: image.height, data: Float32Array.from(image.data, (value) => value / 255) };
}

export function mapPlane(plane: Plane, change: (value: number, index: number) => number): Plane {
  return { width: plane.width, height: plane.height, data: plane.data.map(change) };
}

/** The mean of each `factor` × `factor` block; both sides must be multiples of `factor`. */
export function averagePool(plane: Plane, factor: number): Plane {
  const [width, height] = [plane.width / factor, plane.height / factor];
  if (!Number.isInteger(width) || !Number.isInteger(height)) {
    throw new Error(`averagePool: ${plane.width}×${plane.height} is no multiple of ${factor}`);
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = 0; dy < factor; dy++) {
        for (let dx = 0; dx < factor; dx++) {
          sum += plane.data[(y * factor + dy) * plane.width + x * factor + dx] ?? 0;
        }
      }
      data[y * width + x] = sum / factor ** 2;
    }
  }
  return { width, height, data };
}

/** Bilinear, pixel centres at half integers (align_corners false), edges repeated. */
export function resizePlane(plane: Plane, size: Size): Plane {
  const data = new Float32Array(size.width * size.height);
  const columns = samplePoints(plane.width, size.width);
  const rows = samplePoints(plane.height, size.height);
  const at = (row: number, column: number) => plane.data[row * plane.width + column] ?? 0;
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      const top = at(row.low, column.low) * (1 - column.fraction) + at(row.low, column.high) * column.fraction;
      const bottom = at(row.high, column.low) * (1 - column.fraction) + at(row.high, column.high) * column.fraction;
      data[y * size.width + x] = top * (1 - row.fraction) + bottom * row.fraction;
    });
  });
  return { width: size.width, height: size.height, data };
}

function samplePoints(from: number, to: number) {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), fraction: position - low };
  });
}
