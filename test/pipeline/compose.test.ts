import fc from "fast-check";
import { expect, test } from "vitest";
import { pasteProduct, proveProduct } from "../../server/pipeline/compose.ts";

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
