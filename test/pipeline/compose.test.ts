import fc from "fast-check";
import { expect, test } from "vitest";
import { pasteProduct, proveProduct, withoutProduct } from "../../server/pipeline/compose.ts";

const image = (width: number, height: number) =>
  fc
    .uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 })
    .map((data) => ({ width, height, data: data.map((value, i) => (i % 4 === 3 && value > 128 ? 255 : value)) }));

test("pasting copies opaque pixels, keeps the background where the product is absent, and mixes in between", () => {
  fc.assert(
    fc.property(image(8, 6), image(8, 6), (product, background) => {
      const result = pasteProduct(background, product);
      for (let i = 0; i < product.data.length; i += 4) {
        const alpha = product.data[i + 3] ?? 0;
        for (let c = 0; c < 3; c++) {
          const [above, below, mixed] = [
            product.data[i + c] ?? 0,
            background.data[i + c] ?? 0,
            result.data[i + c] ?? 0,
          ];
          expect(Math.abs(mixed - (above * alpha + below * (255 - alpha)) / 255)).toBeLessThanOrEqual(0.5);
          if (alpha === 255) expect(mixed).toBe(above);
          if (alpha === 0) expect(mixed).toBe(below);
        }
        expect(result.data[i + 3]).toBe(255);
      }
      const proof = proveProduct(product, result);
      expect(proof).toMatchObject({ changedPixels: 0, sha256After: proof.sha256Before });
    }),
  );
});

test("the proof notices a single changed value", () => {
  const product = { width: 2, height: 2, data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 128, 0, 0, 0, 0) };
  const delivered = { ...product, data: product.data.slice() };
  delivered.data[4] = 5;
  delivered.data[8] = 99; // half transparent: free to differ
  const proof = proveProduct(product, delivered);
  expect(proof).toMatchObject({ opaquePixels: 2, changedPixels: 1 });
  expect(proof.sha256After).not.toBe(proof.sha256Before);
});

test("nothing of the painted product stays in the ground, nor of its fringe", async () => {
  const [width, height] = [48, 48];
  const at = (i: number) => ({ x: i % width, y: Math.floor(i / width) });
  /** in the box that is `margin` px larger than the product */
  const isNear = (i: number, margin: number) => {
    const { x, y } = at(i);
    return x >= 16 - margin && x < 32 + margin && y >= 12 - margin && y < 36 + margin;
  };
  const picture = (value: (i: number) => readonly [red: number, alpha: number]) => {
    const data = Uint8Array.from({ length: width * height * 4 }, (_, k) => {
      const [red, alpha] = value(k >> 2);
      return [red, 100, 100, alpha][k % 4] ?? 0;
    });
    return { width, height, data };
  };
  const painted = picture((i) => [isNear(i, 3) ? 250 : 100, 255]);
  const product = picture((i) => [250, isNear(i, 0) ? 255 : 0]);
  const ground = await withoutProduct(painted, product);
  const redOf = (i: number) => ground.data[i * 4] ?? 0;
  for (let i = 0; i < width * height; i++) {
    expect(redOf(i)).toBe(100);
  }
});
