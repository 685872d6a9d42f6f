import { expect, test, vi } from "vitest";
import { completeDropped } from "../../server/image/completion/complete.ts";
import { fillDropped } from "../../server/image/fill.ts";
import type { GreyImage, RgbaImage } from "../../server/image/rgba.ts";
import { emptyScene } from "../../server/pipeline/reference.ts";

// Protects what stands where D hides something: the scene goes on there, made of nothing but what is kept.

type Paint = (x: number, y: number) => number;

function picture(side: number, paint: Paint): RgbaImage {
  const data = new Uint8Array(side * side * 4).fill(255);
  for (let i = 0; i < side * side; i++) data.fill(paint(i % side, Math.floor(i / side)), i * 4, i * 4 + 3);
  return { width: side, height: side, data };
}

/** A hole in the middle, a quarter as wide as the picture. */
function holed(side: number): GreyImage {
  const isIn = (at: number) => at >= 0.375 * side && at < 0.625 * side;
  const data = Uint8Array.from({ length: side * side }, (_, i) =>
    isIn(i % side) && isIn(Math.floor(i / side)) ? 0 : 255,
  );
  return { width: side, height: side, data };
}

/** Root mean square difference from `paint` in the hole, levels of 255. */
function missed({ width, data }: RgbaImage, mask: GreyImage, paint: Paint): number {
  let [sum, count] = [0, 0];
  mask.data.forEach((kept, i) => {
    if (kept === 255) return;
    sum += ((data[i * 4] ?? 0) - paint(i % width, Math.floor(i / width))) ** 2;
    count++;
  });
  return Math.sqrt(sum / count);
}

const side = 96;
const fringePx = 2;
const mask = holed(side);
const boards: Paint = (_, y) => (y % 12 < 2 ? 40 : 180);
const tiles: Paint = (x, y) => (x % 16 < 8 === y % 16 < 8 ? 60 : 200);
const horizon: Paint = (x, y) => (y < 48 ? 210 : 90 + ((x * 7 + y * 13) % 5));

test.each([
  ["boards", boards],
  ["tiles", tiles],
  ["a horizon", horizon],
])("%s go on where something was hidden, which a smooth fill cannot", async (_, paint) => {
  const hidden = picture(side, (x, y) => (mask.data[y * side + x] === 0 ? 255 : paint(x, y)));
  const completed = missed(await completeDropped(hidden, mask), mask, paint);
  expect(completed).toBeLessThan(12);
  expect(completed).toBeLessThan(missed(fillDropped(hidden, mask), mask, paint) / 3);
});

test("what is hidden has no influence, what is kept stays, and it is the same each time", async () => {
  const over = (hidden: number) => picture(side, (x, y) => (mask.data[y * side + x] === 0 ? hidden : tiles(x, y)));
  const [black, white] = [await completeDropped(over(0), mask), await completeDropped(over(255), mask)];
  expect(black.data).toEqual(white.data);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const isNear = (at: number) => at >= 0.375 * side - fringePx && at < 0.625 * side + fringePx;
    if (!isNear(x) || !isNear(y)) expect(black.data[i * 4]).toBe(tiles(x, y));
  }
});

test("a slope of light is met without a seam", async () => {
  const lit: Paint = (x, y) => boards(x, y) - 40 + Math.round((60 * x) / side);
  const completed = await completeDropped(picture(side, lit), mask);
  expect(missed(completed, mask, lit)).toBeLessThan(12);
});

test("without a hole it is the picture itself, also where resampling rang; where no patch is kept whole, a smooth fill", async () => {
  const image = picture(side, tiles);
  expect(await completeDropped(image, { ...mask, data: mask.data.map(() => 255) })).toBe(image);
  expect(await completeDropped(image, { ...mask, data: mask.data.map((_, i) => 255 - (i % 5)) })).toBe(image);
  const speckled = { ...mask, data: mask.data.map((_, i) => (i % 5 === 0 ? 0 : 255)) };
  expect((await completeDropped(image, speckled)).data).toEqual(fillDropped(image, speckled).data);
});

test("it stops in the midst when it is cancelled, with the signal's reason", async () => {
  const [cancel, reason] = [new AbortController(), new Error("cancelled")];
  const noticed = vi.spyOn(cancel.signal, "throwIfAborted");
  const everyTurn = () => {
    if (noticed.mock.calls.length >= 3) cancel.abort(reason);
    else setImmediate(everyTurn);
  };
  everyTurn();
  await expect(completeDropped(picture(side, tiles), mask, cancel.signal)).rejects.toBe(reason);
  // Of 12 rounds.
  expect(noticed.mock.calls.length).toBeLessThanOrEqual(5);
});

test("a large reference keeps what is farther than a fringe from its hole; the rest is continued, at a bounded size", async () => {
  const large = 600;
  const image = picture(large, (x, y) => tiles(x >> 2, y >> 2));
  const hole = holed(large);
  const scene = await emptyScene({ image, mask: hole });
  const changed = Array.from(hole.data.keys()).filter((i) => scene.data[i * 4] !== image.data[i * 4]);
  const isFar = (at: number) => at < 0.375 * large - fringePx || at >= 0.625 * large + fringePx;
  expect(changed.filter((i) => isFar(i % large) || isFar(Math.floor(i / large)))).toHaveLength(0);
  expect(missed(scene, hole, (x, y) => tiles(x >> 2, y >> 2))).toBeLessThan(60);
});
