import type { RgbaImage } from "../image/rgba.ts";

/** One pixel in CIE L*a*b*, D65: distances in it are roughly what the eye sees. */
export type Lab = readonly [lightness: number, a: number, b: number];

/** sRGB (IEC 61966-2-1) to CIE 1976 L*a*b* of the pixel at `index`, counted in pixels. */
export function labAt(image: RgbaImage, index: number): Lab {
  const [red, green, blue] = [0, 1, 2].map((c) => linear[image.data[index * 4 + c] ?? 0] ?? 0);
  const [r = 0, g = 0, b = 0] = [red, green, blue];
  const x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = curve(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = curve((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** ΔE*ab (CIE 1976). About 2 is just visible. */
export function colourDifference(a: Lab, b: Lab): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

const linear = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

function curve(t: number): number {
  return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
}
