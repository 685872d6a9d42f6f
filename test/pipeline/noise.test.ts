import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { blueNoise, naturalLog, noiseStream } from "../../server/pipeline/noise.ts";

const count = 100_000;

test("samples have the moments and the tails of a standard normal", () => {
  const samples = noiseStream(12345)(count);
  const mean = (f: (x: number) => number) => samples.reduce((sum, x) => sum + f(x), 0) / count;
  // five standard errors each
  expect(Math.abs(mean((x) => x))).toBeLessThan(5 / Math.sqrt(count));
  expect(Math.abs(mean((x) => x ** 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  expect(Math.abs(mean((x) => x ** 3))).toBeLessThan(5 * Math.sqrt(15 / count));
  expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
  expect(Math.abs(mean((x) => (Math.abs(x) > 1.959964 ? 1 : 0)) - 0.05)).toBeLessThan(5 * Math.sqrt(0.0475 / count));
});

test("neighbours and neighbouring seeds are uncorrelated", () => {
  const a = noiseStream(1)(count);
  const b = noiseStream(2)(count);
  const correlation = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0) / count;
  expect(Math.abs(correlation(a, b))).toBeLessThan(5 / Math.sqrt(count));
  expect(Math.abs(correlation(a.slice(1), a))).toBeLessThan(5 / Math.sqrt(count));
});

test("a seed gives the same bytes on every machine", () => {
  const hash = createHash("sha256")
    .update(new Uint8Array(noiseStream(20)(4096).buffer))
    .digest("hex");
  expect(hash).toMatchInlineSnapshot(`"98c82e3415340f909af2874bd7ab6f0c212dcbceb90392dd4bb6d8ea80ee513a"`);
  expect(noiseStream(20)(3)).toEqual(noiseStream(20)(4096).slice(0, 3));
  const draw = noiseStream(20);
  expect(Float32Array.of(...draw(64), ...draw(32))).toEqual(noiseStream(20)(96));
  expect(noiseStream(0)(4)).not.toEqual(noiseStream(0xffffffff)(4));
});

test("the logarithm made of exact operations agrees with Math.log", () => {
  for (let x = 1e-19; x < 10; x *= 1.0137) {
    expect(Math.abs(naturalLog(x) - Math.log(x))).toBeLessThan(4e-15 * Math.max(1, Math.abs(Math.log(x))));
  }
});

test("blue noise is white noise less its weighted mean of 3 × 3, in every plane for itself", () => {
  const [height, width] = [5, 7];
  const white = noiseStream(4)(2 * height * width);
  const at = (plane: number, y: number, x: number) => {
    const [row, column] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
    return white[(plane * height + row) * width + column] ?? 0;
  };
  const weights = [1, 2, 1].flatMap((b, dy) =>
    [1, 2, 1].map((a, dx) => ({ dy: dy - 1, dx: dx - 1, weight: (a * b) / 16 })),
  );
  blueNoise(white, [1, 2, height, width]).forEach((value, i) => {
    const [plane, y, x] = [Math.floor(i / width / height), Math.floor(i / width) % height, i % width];
    const mean = weights.reduce((sum, { dy, dx, weight }) => sum + weight * at(plane, y + dy, x + dx), 0);
    expect(value).toBeCloseTo(at(plane, y, x) - mean, 6);
  });
});
