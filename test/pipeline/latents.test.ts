import { expect, test } from "vitest";
import { blendProduct } from "../../server/pipeline/latents.ts";
import { averagePool, resizePlane } from "../../server/pipeline/plane.ts";

test("blending is linear in the mask", () => {
  const mask = { width: 3, height: 1, data: Float32Array.of(0, 0.25, 1) };
  expect(Array.from(blendProduct(new Float32Array(12).fill(4), new Float32Array(12), mask))).toEqual(
    Array.from({ length: 4 }, () => [4, 3, 0]).flat(),
  );
});

test("pooling averages blocks; resizing is bilinear with half-pixel centres", () => {
  const plane = { width: 4, height: 2, data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) };
  expect(averagePool(plane, 2)).toEqual({ width: 2, height: 1, data: Float32Array.of(2.5, 4.5) });
  expect(() => averagePool(plane, 3)).toThrow("no multiple");
  // torch.nn.functional.interpolate(torch.tensor([[[0., 4.]]]), size=4, mode="linear", align_corners=False)
  const wide = resizePlane({ width: 2, height: 1, data: Float32Array.of(0, 4) }, { width: 4, height: 1 });
  expect(Array.from(wide.data)).toEqual([0, 1, 3, 4]);
});
