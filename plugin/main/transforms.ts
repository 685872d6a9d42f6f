/** (x, y) ↦ (a·x + c·y + e, b·x + d·y + f), written as Figma writes it: [[a, c, e], [b, d, f]]. */
export type Affine = [[number, number, number], [number, number, number]];

export const identity: Affine = [
  [1, 0, 0],
  [0, 1, 0],
];

export function translation(x: number, y: number): Affine {
  return [
    [1, 0, x],
    [0, 1, y],
  ];
}

/** `outer` after `inner`. */
export function multiply(outer: Affine, inner: Affine): Affine {
  const [[a, c, e], [b, d, f]] = outer;
  const column = (x: number, y: number, w: number): [number, number] => [a * x + c * y + e * w, b * x + d * y + f * w];
  const [[ia, ic, ie], [ib, id, jf]] = inner;
  const [xa, ya] = column(ia, ib, 0);
  const [xc, yc] = column(ic, id, 0);
  const [xe, ye] = column(ie, jf, 1);
  return [
    [xa, xc, xe],
    [ya, yc, ye],
  ];
}

/** Throws for a transform that flattens everything onto a line: nothing undoes it. */
export function inverse(transform: Affine): Affine {
  const [[a, c, e], [b, d, f]] = transform;
  const determinant = a * d - b * c;
  if (determinant === 0) throw new Error("a layer that contains the product is flattened to a line; give it a size");
  return [
    [d / determinant, -c / determinant, (c * f - d * e) / determinant],
    [-b / determinant, a / determinant, (b * e - a * f) / determinant],
  ];
}
