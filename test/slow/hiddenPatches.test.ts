import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { encodeReference } from "../../server/pipeline/encodeReference.ts";
import { decodeJob } from "../../server/pipeline/job.ts";
import type { Reference } from "../../server/pipeline/reference.ts";
import { parseSettings } from "../../shared/settings.ts";
import { quick, sample } from "./support.ts";

// Protects the promise of Patch Flexible Visibility: what the designer hides does not reach the picture.

let model: OpenModel;
let reference: Reference;

beforeAll(async () => {
  model = await openModel("mini", { provider: "auto" });
  const files = {
    product: await sample("bottle.png"),
    reference: await sample("reference.jpg"),
    referenceMask: await sample("reference.mask.png"),
  };
  ({ reference } = await decodeJob(files, { ...parseSettings(quick), seed: 7 }));
});

afterAll(async () => model.dispose());

const patches = { visibility: "on", threshold: 0.1 } as const;

it("recolouring what D hides leaves the image tokens unchanged", async () => {
  expect(reference.mask.data.some((keep) => keep === 0)).toBe(true);
  const before = await encodeReference(model, reference, patches, true);
  const after = await encodeReference(model, recoloured(reference, 0), patches, true);
  expect(after.data).toEqual(before.data);
});

it("recolouring what D keeps changes them", async () => {
  const before = await encodeReference(model, reference, patches, true);
  const after = await encodeReference(model, recoloured(reference, 255), patches, true);
  const worst = after.data.reduce((max, value, i) => Math.max(max, Math.abs(value - (before.data[i] ?? 0))), 0);
  expect(worst).toBeGreaterThan(0.01);
});

it("with visibility off, the hidden region does reach the tokens (the ablation)", async () => {
  const off = { ...patches, visibility: "off" } as const;
  const before = await encodeReference(model, reference, off, true);
  const after = await encodeReference(model, recoloured(reference, 0), off, true);
  expect(after.data).not.toEqual(before.data);
});

/** The reference with every pixel whose mask is `where` painted magenta. */
function recoloured({ image, mask }: Reference, where: 0 | 255): Reference {
  const data = Uint8Array.from(image.data);
  mask.data.forEach((keep, i) => {
    if (keep === where) data.set([255, 0, 255], i * 4);
  });
  return { image: { ...image, data: Buffer.from(data) }, mask };
}
