import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { encodeReference } from "../../server/pipeline/encodeReference.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob, type Job } from "../../server/pipeline/job.ts";
import { hideDropped, type Reference } from "../../server/pipeline/reference.ts";
import { parseSettings } from "../../shared/settings.ts";
import { quick, sample } from "./support.ts";

// Protects the promise of Patch Flexible Visibility: what the designer hides does not reach the picture.

let model: OpenModel;
let job: Job;

beforeAll(async () => {
  model = await openModel("mini", { provider: "auto" });
  const files = {
    product: await sample("bottle.png"),
    reference: await sample("reference-table.jpg"),
    referenceMask: await sample("reference-table.mask.png"),
  };
  job = await decodeJob(files, { ...parseSettings(quick), seed: 7 });
});

afterAll(async () => model.dispose());

const threshold = 0.1;

it("recolouring what D hides changes neither the image tokens nor the picture", async () => {
  expect(job.reference.mask.data.some((keep) => keep === 0)).toBe(true);
  const recolouredJob = { ...job, reference: recoloured(job.reference, 0) };
  const before = await encodeReference(model, hideDropped(job.reference), threshold, true);
  const after = await encodeReference(model, hideDropped(recolouredJob.reference), threshold, true);
  expect(after.data).toEqual(before.data);
  const [first] = (await generate(model, job)).variants;
  const [second] = (await generate(model, recolouredJob)).variants;
  expect(second?.background).toEqual(first?.background);
});

it("recolouring what D keeps changes the tokens", async () => {
  const before = await encodeReference(model, hideDropped(job.reference), threshold, true);
  const after = await encodeReference(model, hideDropped(recoloured(job.reference, 255)), threshold, true);
  const worst = after.data.reduce((max, value, i) => Math.max(max, Math.abs(value - (before.data[i] ?? 0))), 0);
  expect(worst).toBeGreaterThan(0.01);
});

it("with visibility off, the hidden region does reach the tokens and the picture (the ablation)", async () => {
  const off = { ...job, settings: { ...job.settings, visibility: "off" } } as const;
  const [first] = (await generate(model, off)).variants;
  const [second] = (await generate(model, { ...off, reference: recoloured(job.reference, 0) })).variants;
  expect(second?.background).not.toEqual(first?.background);
});

/** The reference with every pixel whose mask is `where` painted magenta. */
function recoloured({ image, mask }: Reference, where: 0 | 255): Reference {
  const data = Uint8Array.from(image.data);
  mask.data.forEach((keep, i) => {
    if (keep === where) data.set([255, 0, 255], i * 4);
  });
  return { image: { ...image, data: Buffer.from(data) }, mask };
}
