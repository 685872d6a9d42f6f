import type { RgbaImage } from "../image/rgba.ts";
import { mapPlane, type Plane } from "./plane.ts";

/** The product touches the ground in the columns where it ends within this part of its height above its lowest point. */
const touching = 0.06;
/** The shadow's half height, of its half width: the ground is seen at a low angle, as product pictures are taken. */
const flatness = 0.25;
/** The light that is missing where the product stands. */
const darkest = 0.75;

/** Where a standing product keeps the light from the ground: a soft ellipse around its foot. product [H, W], 1 where it is; 0 … 1. */
export function contactShadow(product: Plane): Plane {
  const foot = footOf(product);
  if (foot === undefined) return mapPlane(product, () => 0);
  const [radiusX, radiusY] = [0.6 * foot.width, 0.6 * flatness * foot.width];
  const [centreX, centreY] = [foot.x + foot.width / 2, foot.y - radiusY / 3];
  return mapPlane(product, (_, i) => {
    const [x, y] = [(i % product.width) + 0.5, Math.floor(i / product.width) + 0.5];
    return shade(Math.hypot((x - centreX) / radiusX, (y - centreY) / radiusY));
  });
}

/** The painted ground with that light taken away: over a layout a model seldom paints a shadow that is not there, and smooths away one that is. */
export function withShadow(ground: RgbaImage, shadow: Plane | undefined): RgbaImage {
  if (shadow === undefined) return ground;
  const data = ground.data.slice();
  shadow.data.forEach((dark, i) => {
    if (dark === 0) return;
    for (let c = 0; c < 3; c++) data[i * 4 + c] = Math.round((ground.data[i * 4 + c] ?? 0) * (1 - darkest * dark));
  });
  return { ...ground, data };
}

/** The core: 1 inside, fading from half of the radius on, 0.14 at the ellipse itself. Around it a penumbra, as light comes from all sides. */
function shade(distance: number): number {
  const core = Math.exp(-0.5 * (Math.max(0, distance - 0.5) / 0.25) ** 2);
  return Math.max(core, 0.4 * Math.exp(-0.5 * distance ** 2));
}

/** The columns in which the product touches the ground, and the line below its lowest pixel; px. */
function footOf({ width, height, data }: Plane) {
  const bases = Array.from({ length: width }, (_, x) => {
    for (let y = height - 1; y >= 0; y--) if ((data[y * width + x] ?? 0) >= 0.5) return y + 1;
    return 0;
  });
  const lowest = Math.max(...bases);
  const highest = Math.floor(data.findIndex((alpha) => alpha >= 0.5) / width);
  const touches = (base: number) => base > 0 && base >= lowest - touching * (lowest - highest);
  const x = bases.findIndex(touches);
  return x < 0 ? undefined : { x, width: bases.findLastIndex(touches) + 1 - x, y: lowest };
}
