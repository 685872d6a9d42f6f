import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { centredSquare } from "../../../plugin/ui/patches/geometry.ts";
import { alphaOf, dropPatches, droppedPartsOf, luminanceOf, multiplied } from "../../../plugin/ui/pixels/masks.ts";
import { pictureFormat } from "../../../plugin/ui/pixels/openFile.ts";
import { luminance } from "../../../server/image/rgba.ts";
import { patchVisibility } from "../../../server/pipeline/patchVisibility.ts";

// What the panel sends as masks, against the engine's own reading of them.

const rgba = (...pixels: readonly (readonly [number, number, number, number])[]) => ({
  width: pixels.length,
  height: 1,
  data: new Uint8ClampedArray(pixels.flat()),
});

test("white keeps; black, and what is empty, drops; the colours weigh as in the engine", () => {
  expect([...luminanceOf(rgba([255, 255, 255, 255], [0, 0, 0, 255], [255, 255, 255, 0]))]).toEqual([255, 0, 0]);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (bytes) => {
      const picture = { width: 10, height: 1, data: bytes };
      expect([...luminanceOf({ ...picture, data: new Uint8ClampedArray(bytes) })]).toEqual([
        ...luminance(picture).data,
      ]);
    }),
  );
});

test("a pixel is kept as far as both the mask and the reference's own alpha keep it", () => {
  const alpha = alphaOf(rgba([1, 2, 3, 255], [1, 2, 3, 128], [1, 2, 3, 0]));
  expect([...alpha]).toEqual([255, 128, 0]);
  expect([...multiplied(alpha, Uint8Array.of(255, 128, 255))]).toEqual([255, 64, 0]);
});

describe("patches hidden by hand", () => {
  test("are black in the mask and nothing else is", () => {
    const layout = { sizePx: { width: 8, height: 4 }, grid: 2 };
    const mask = dropPatches(new Uint8Array(32).fill(200), layout, [1]);
    expect([...mask]).toEqual([
      ...[200, 200, 200, 200, 0, 0, 0, 0],
      ...[200, 200, 200, 200, 0, 0, 0, 0],
      ...[200, 200, 200, 200, 200, 200, 200, 200],
      ...[200, 200, 200, 200, 200, 200, 200, 200],
    ]);
  });

  test("are the ones that the engine does not show the model", () => {
    const patches = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { maxLength: 16 });
    const sides = fc.integer({ min: 40, max: 90 });
    fc.assert(
      fc.property(patches, sides, fc.nat({ max: 50 }), (hidden, side, extra) => {
        // A square of whole patches, in a picture that is wider by any amount.
        const patchPx = Math.floor(side / 4);
        const sizePx = { width: 4 * patchPx + extra, height: 4 * patchPx };
        const white = new Uint8Array(sizePx.width * sizePx.height).fill(255);
        const mask = dropPatches(white, { sizePx, grid: 4 }, hidden);
        const square = centredSquare(sizePx);
        const seen = Uint8Array.from({ length: square.width * square.height }, (_, i) => {
          const [x, y] = [square.x + (i % square.width), square.y + Math.floor(i / square.width)];
          return mask[y * sizePx.width + x] ?? 0;
        });
        const engine = patchVisibility({ width: square.width, height: square.height, data: seen }, patchPx, 0.1);
        expect([...engine].flatMap((visible, patch) => (visible === 0 ? [patch] : []))).toEqual(
          [...hidden].sort((a, b) => a - b),
        );
      }),
    );
  });
});

test("of each patch the dropped part is measured; below half counts as dropped", () => {
  const keep = Uint8Array.of(...[255, 255, 127, 128], ...[255, 255, 0, 255], ...[0, 0, 255, 255], ...[0, 0, 255, 255]);
  expect(droppedPartsOf(keep, 2, 2)).toEqual([0, 0.5, 1, 0]);
});

test("where nothing is dropped, there are no parts", () => {
  expect(droppedPartsOf(new Uint8Array(16).fill(128), 2, 2)).toBeNull();
});

test.each([
  ["png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]],
  ["jpeg", [0xff, 0xd8, 0xff, 0xe0]],
  ["webp", [..."RIFF\0\0\0\0WEBP"].map((character) => character.charCodeAt(0))],
  [null, [..."RIFF\0\0\0\0WAVE"].map((character) => character.charCodeAt(0))],
  [null, [..."GIF89a"].map((character) => character.charCodeAt(0))],
  [null, []],
])("a file is %s by its first bytes", (format, bytes) => {
  expect(pictureFormat(Uint8Array.from(bytes))).toBe(format);
});
