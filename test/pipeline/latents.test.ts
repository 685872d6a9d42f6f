import { expect, test } from "vitest";
import { schedulerSchema } from "../../server/checkpoint/modelPackage.ts";
import { createDdim } from "../../server/pipeline/ddim.ts";
import { blendProduct, startFromReference } from "../../server/pipeline/latents.ts";
import { averagePool, resizePlane } from "../../server/pipeline/plane.ts";

test("the start keeps the reference only where all of D is kept (R9)", () => {
  const config = schedulerSchema.parse({ beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" });
  const ddim = createDdim(config, 10);
  const noise = Float32Array.from({ length: 16 }, (_, i) => i / 7);
  const reference = new Float32Array(16).fill(2);
  const decision = { width: 2, height: 2, data: Float32Array.of(1, 0.5, 0, 1) };
  const noised = ddim.addNoise(reference, noise, 500);
  const start = startFromReference(ddim, { reference, noise, decision, timestep: 500 });
  start.forEach((value, i) => {
    expect(value).toBe(i % 4 === 0 || i % 4 === 3 ? noised[i] : noise[i]);
  });
});

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
