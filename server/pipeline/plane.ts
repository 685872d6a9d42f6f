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
export function resizePlane({ width, height, data }: Plane, size: Size): Plane {
  const columns = samplePoints(width, size.width);
  const rows = samplePoints(height, size.height);
  // Across first, so that each source row is interpolated once.
  const across = new Float32Array(height * size.width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < size.width; x++) {
      const fraction = columns.fraction[x] ?? 0;
      const left = data[y * width + (columns.low[x] ?? 0)] ?? 0;
      const right = data[y * width + (columns.high[x] ?? 0)] ?? 0;
      across[y * size.width + x] = left * (1 - fraction) + right * fraction;
    }
  }
  const resized = new Float32Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const fraction = rows.fraction[y] ?? 0;
    const [top, bottom] = [(rows.low[y] ?? 0) * size.width, (rows.high[y] ?? 0) * size.width];
    for (let x = 0; x < size.width; x++) {
      resized[y * size.width + x] = (across[top + x] ?? 0) * (1 - fraction) + (across[bottom + x] ?? 0) * fraction;
    }
  }
  return { width: size.width, height: size.height, data: resized };
}

/** Between which two samples of `from` each of `to` lies, and how far towards the second. */
function samplePoints(from: number, to: number) {
  const [low, high, fraction] = [new Uint32Array(to), new Uint32Array(to), new Float64Array(to)];
  for (let i = 0; i < to; i++) {
    const position = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    low[i] = Math.floor(position);
    high[i] = Math.min(Math.floor(position) + 1, from - 1);
    fraction[i] = position - Math.floor(position);
  }
  return { low, high, fraction };
}
