import type { Size } from "../../shared/geometry.ts";
import type { Point } from "../../shared/protocol/helpers.ts";
import { resample, whole } from "../image/resize.ts";
import type { GreyImage, RgbaImage } from "../image/rgba.ts";
import { colourDensity, toLab } from "./colourDensity.ts";
import { isObject, isOpen, isSurroundings, randomWalk } from "./randomWalk.ts";

/** px of the longer side that the object is looked for in: its edge is drawn between these px */
const workingSidePx = 256;
/** of the longer side: as far around a click everything is as clicked */
const clickRadius = 0.012;
/** of the longer side: the frame that tells the colours of what is around the object */
const frameWidth = 0.04;
/** of the object's colours, those under the clicks */
const clickPart = 0.3;
/** how often the colours of object and surroundings are learnt from the mask before */
const rounds = 4;

/**
 * Finds the clicked object without a network: what is unlike the picture's rim, held together by edges. Colours of object and
 * surroundings are learnt in turns with the mask, as GrabCut does (Rother et al. 2004); the mask is a random walk with priors
 * (Grady 2005). Works where the surroundings reach the rim in colours of their own. 255 = object, at the picture's size.
 */
export async function segmentByColour(image: RgbaImage, points: readonly Point[]): Promise<GreyImage> {
  const scale = Math.min(1, workingSidePx / Math.max(image.width, image.height));
  const size: Size = {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  };
  const small = await resample(image, whole(image), size);
  const lab = toLab(small);
  const fixed = fixedPixels(small, points);
  const clicked = Float32Array.from(fixed, (value) => (value === isObject ? 1 : 0));

  let surroundings = colourDensity(lab, frameOf(size, fixed));
  // Nothing is known of the object yet: any colour may be its.
  let object = colourDensity(lab, clicked, 0.5);
  const clickedCount = clicked.reduce((sum, value) => sum + value, 0);
  let inside = new Float32Array(fixed.length);
  let found = new Uint8Array(fixed.length);
  for (let round = 0; round < rounds && clickedCount > 0; round++) {
    const prior = object.map((density, i) => density / (density + (surroundings[i] ?? 0)));
    inside = randomWalk(lab, size, prior, fixed);
    found = withoutHoles(connectedTo(clicked, inside, size), fixed, size);
    surroundings = colourDensity(
      lab,
      Float32Array.from(found, (value) => 1 - value),
    );
    const foundCount = found.reduce((sum, value) => sum + value, 0);
    const clickWeight = (clickPart * foundCount) / clickedCount;
    object = colourDensity(
      lab,
      Float32Array.from(found, (value, i) => value + clickWeight * (clicked[i] ?? 0)),
      0.1,
    );
  }
  const soft: GreyImage = { ...size, data: new Uint8Array(size.width * size.height) };
  // What was filled or left out of the walk has an edge of its own; everywhere else the walk's is finer.
  inside.forEach((value, i) => {
    const part = found[i] === 1 ? Math.max(value, 0.51) : Math.min(value, 0.49);
    soft.data[i] = Math.round(255 * Math.min(Math.max(part, 0), 1));
  });
  const large = await resample(soft, whole(soft), { width: image.width, height: image.height });
  return { ...large, data: large.data.map((value) => (value >= 128 ? 255 : 0)) };
}

/** Around the clicks, and where the picture is transparent, nothing is open. */
function fixedPixels({ width, height, data }: RgbaImage, points: readonly Point[]): Uint8Array {
  const radiusPx = Math.max(1, clickRadius * Math.max(width, height));
  const fixed = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if ((data[i * 4 + 3] ?? 0) < 128) fixed[i] = isSurroundings;
      for (const point of points) {
        const isNear = Math.hypot(x + 0.5 - point.x * width, y + 0.5 - point.y * height) <= radiusPx;
        if (isNear) fixed[i] = point.keep ? isObject : isSurroundings;
      }
    }
  }
  return fixed;
}

/** 1 in the frame along the picture's rim and around clicks beside the object, 0 elsewhere. */
function frameOf({ width, height }: Size, fixed: Uint8Array): Float32Array {
  const widthPx = Math.max(1, frameWidth * Math.max(width, height));
  return Float32Array.from(fixed, (value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const isRim = Math.min(x, y, width - 1 - x, height - 1 - y) < widthPx;
    return value === isSurroundings || (isRim && value === isOpen) ? 1 : 0;
  });
}

/** 1 where more than half inside and connected with a click. */
function connectedTo(clicked: Float32Array, inside: Float32Array, size: Size): Uint8Array<ArrayBuffer> {
  const starts = [...clicked.keys()].filter((i) => (clicked[i] ?? 0) > 0);
  return flood(starts, (i) => (inside[i] ?? 0) >= 0.5, size);
}

/** Print on a label has other colours than the label: what cannot be reached from the rim belongs to the object too. */
function withoutHoles(found: Uint8Array, fixed: Uint8Array, size: Size): Uint8Array<ArrayBuffer> {
  const { width, height } = size;
  const starts = [...found.keys()].filter((i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1 || fixed[i] === isSurroundings;
  });
  const outside = flood(starts, (i) => found[i] === 0, size);
  return Uint8Array.from(outside, (value) => 1 - value);
}

/** 1 in what is reached from `starts` through neighbours that `isPassable`. */
function flood(
  starts: readonly number[],
  isPassable: (i: number) => boolean,
  { width, height }: Size,
): Uint8Array<ArrayBuffer> {
  const reached = new Uint8Array(width * height);
  const open: number[] = [];
  const visit = (i: number) => {
    if (reached[i] === 1 || !isPassable(i)) return;
    reached[i] = 1;
    open.push(i);
  };
  for (const start of starts) visit(start);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (i % width > 0) visit(i - 1);
    if (i % width < width - 1) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i < width * (height - 1)) visit(i + width);
  }
  return reached;
}
