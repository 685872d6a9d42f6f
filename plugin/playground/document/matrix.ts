/** An affine map of the plane, Figma's order: [[a, c, e], [b, d, f]] sends (x, y) to (ax + cy + e, bx + dy + f). */
export type Matrix = readonly [readonly [number, number, number], readonly [number, number, number]];

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export const identity: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
];

/** First `inner`, then `outer`. */
export function multiply(outer: Matrix, inner: Matrix): Matrix {
  const [[a, c, e], [b, d, f]] = outer;
  const [[p, r, t], [q, s, u]] = inner;
  return [
    [a * p + c * q, a * r + c * s, a * t + c * u + e],
    [b * p + d * q, b * r + d * s, b * t + d * u + f],
  ];
}

export function invert([[a, c, e], [b, d, f]]: Matrix): Matrix {
  const determinant = a * d - b * c;
  if (determinant === 0) throw new Error("a transform that flattens the plane cannot be inverted");
  return [
    [d / determinant, -c / determinant, (c * f - d * e) / determinant],
    [-b / determinant, a / determinant, (b * e - a * f) / determinant],
  ];
}

export function apply([[a, c, e], [b, d, f]]: Matrix, { x, y }: Point): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f };
}

export function translation(x: number, y: number): Matrix {
  return [
    [1, 0, x],
    [0, 1, y],
  ];
}

/** The same turn and scale with the origin at another point. */
export function at([[a, c], [b, d]]: Matrix, { x, y }: Point): Matrix {
  return [
    [a, c, x],
    [b, d, y],
  ];
}

/** Degrees, counter-clockwise as Figma counts them, −180 … 180. */
export function rotationOf([[a], [b]]: Matrix): number {
  return (Math.atan2(-b, a) * 180) / Math.PI;
}

/** Turned about its own origin, which stays; a mirroring stays too. */
export function withRotation(matrix: Matrix, degrees: number): Matrix {
  const [[a, c, x], [b, d, y]] = matrix;
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [exact(Math.cos(radians)), exact(Math.sin(radians))];
  const flip = a * d - b * c < 0 ? -1 : 1;
  return [
    [cos, flip * sin, x],
    [-sin, flip * cos, y],
  ];
}

/** The smallest upright box around `box` after `matrix`. */
export function boundsOf(matrix: Matrix, { x, y, width, height }: Box): Box {
  const corners = [
    { x, y },
    { x: x + width, y },
    { x, y: y + height },
    { x: x + width, y: y + height },
  ].map((corner) => apply(matrix, corner));
  const [xs, ys] = [corners.map((corner) => corner.x), corners.map((corner) => corner.y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** The smallest box around both; null stands for no box. */
export function union(a: Box | null, b: Box | null): Box | null {
  if (a === null || b === null) return a ?? b;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** null where they share no area */
export function intersection(a: Box, b: Box): Box | null {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** Quarter turns have no rounding error. */
function exact(value: number): number {
  return Math.abs(value - Math.round(value)) < 1e-15 ? Math.round(value) : value;
}
