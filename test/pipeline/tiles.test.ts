import { expect, test } from "vitest";
import { inTiles, type Planes, placeTiles, reduced } from "../../server/pipeline/tiles.ts";

test("tiles cover a length, stay inside it and overlap by at least what is asked", () => {
  for (let length = 1; length <= 200; length += 7) {
    for (const [tile, overlap] of [
      [64, 32],
      [40, 39],
      [16, 0],
    ] as const) {
      const used = Math.min(tile, length);
      const starts = placeTiles(length, used, overlap);
      expect(starts[0]).toBe(0);
      expect((starts.at(-1) ?? 0) + used).toBe(length);
      starts.slice(1).forEach((start, i) => {
        expect((starts[i] ?? 0) + used - start).toBeGreaterThanOrEqual(overlap);
      });
    }
  }
});

test("tiles that are no longer than their overlap are refused", () => {
  expect(() => placeTiles(64, 32, 32)).toThrow("do not cover");
});

test.each([
  [1, 1],
  [1, 8],
  [8, 1],
])("what treats every element alike comes out as if it had not been cut: %i in, %i out", async (input, output) => {
  const area = { width: 13 * input, height: 11 * input };
  const data = Float32Array.from({ length: 2 * area.width * area.height }, (_, i) => Math.sin(i));
  const resized = async ({ data: from, width, height }: Planes): Promise<Planes> => {
    const [w, h] = [(width * output) / input, (height * output) / input];
    const at = (c: number, y: number, x: number) =>
      from[(c * height + Math.floor((y * input) / output)) * width + Math.floor((x * input) / output)] ?? 0;
    const made = Float32Array.from({ length: 2 * w * h }, (_, i) =>
      at(Math.floor(i / w / h), Math.floor(i / w) % h, i % w),
    );
    return { data: made, width: w, height: h };
  };
  const tiling = { tile: { width: 7, height: 6 }, margin: 1, feather: 3 };
  const tiled = await inTiles({ data, ...area }, tiling, { in: input, out: output }, resized);
  const whole = await resized({ data, ...area });
  expect({ width: tiled.width, height: tiled.height }).toEqual({ width: whole.width, height: whole.height });
  whole.data.forEach((value, i) => {
    expect(tiled.data[i]).toBeCloseTo(value, 5);
  });
});

test("a picture is reduced to blocks of it, spread evenly", () => {
  const whole = { data: Float32Array.from({ length: 2 * 2 * 6 }, (_, i) => i), width: 6, height: 2 };
  const small = { width: 4, height: 2 };
  expect(Array.from(reduced(whole, small, 1).data.subarray(0, 8))).toEqual([0, 2, 3, 5, 6, 8, 9, 11]);
  expect(reduced(whole, small, 2)).toEqual({
    ...small,
    data: Float32Array.of(0, 1, 4, 5, 6, 7, 10, 11, 12, 13, 16, 17, 18, 19, 22, 23),
  });
  expect(reduced(whole, whole, 4)).toEqual(whole);
});
