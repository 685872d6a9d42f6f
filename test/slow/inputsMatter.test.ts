import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { encodePng } from "../../server/image/encode.ts";
import type { RgbaImage } from "../../server/image/rgba.ts";
import type { JobFiles, NamedBytes } from "../../server/pipeline/job.ts";
import { background, difference, quick, sample } from "./support.ts";

// Protects against an input that is accepted and then ignored: each must change the embedded model's picture.

/** Levels of 255 below which two pictures count as the same. */
const visible = 0.25;

let model: OpenModel;
let files: JobFiles;
let base: RgbaImage;

beforeAll(async () => {
  model = await openModel("mini", { provider: "auto" });
  files = {
    product: await sample("bottle.png"),
    reference: await sample("reference-table.jpg"),
    referenceMask: await sample("reference-table.mask.png"),
  };
  base = await background(model, files, quick);
});

afterAll(async () => model.dispose());

it("gives the same bytes for the same seed and settings", async () => {
  expect((await background(model, files, quick)).data).toEqual(base.data);
});

describe("each setting changes the picture", () => {
  it.each([
    ["seed", { seed: 8 }],
    ["prompt", { prompt: "fresh snow under a cold blue sky" }],
    ["negative", { negative: "a pink studio backdrop" }],
    ["depth strength", { depthScale: 0 }],
    ["λ", { fusion: "global", imageScale: 0.3 }],
    ["guidance", { guidance: 7.5 }],
    ["steps", { steps: 6 }],
    ["sampler", { sampler: "lcm" }],
    ["the end of guidance", { guidanceEnd: 0.5 }],
    ["the end of the depth", { controlEnd: 0.5 }],
    ["strength", { strength: 0.5 }],
    ["placement", { placement: { x: 0, y: 0, width: 128, height: 128 } }],
    ["visibility", { visibility: "off" }],
  ] as const)("%s", async (_, change) => {
    expect(difference(await background(model, files, { ...quick, ...change }), base)).toBeGreaterThan(visible);
  });

  it("fusion: all five differ from each other", async () => {
    const fusions = ["query", "output", "global", "image", "text"] as const;
    const pictures: RgbaImage[] = [];
    for (const fusion of fusions) pictures.push(await background(model, files, { ...quick, fusion }));
    for (const [i, a] of pictures.entries()) {
      for (const b of pictures.slice(i + 1)) expect(difference(a, b), fusions[i]).toBeGreaterThan(visible);
    }
  });
});

describe("each picture changes the picture", () => {
  it("reference", async () => {
    const other = { ...files, reference: await sample("reference-beach.jpg") };
    expect(difference(await background(model, other, quick), base)).toBeGreaterThan(visible);
  });

  it("decision mask D", async () => {
    const { referenceMask, ...withoutMask } = files;
    expect(referenceMask).toBeDefined();
    expect(difference(await background(model, withoutMask, quick), base)).toBeGreaterThan(visible);
  });

  it("product mask", async () => {
    const masked = { ...files, productMask: await leftHalf() };
    expect(difference(await background(model, masked, quick), base)).toBeGreaterThan(visible);
  });

  it("product, through its depth and its shape", async () => {
    const other = { ...files, product: await sample("jar.png") };
    expect(difference(await background(model, other, quick), base)).toBeGreaterThan(visible);
  });
});

/** A product mask that keeps the left half. */
async function leftHalf(): Promise<NamedBytes> {
  const side = 64;
  const data = Buffer.alloc(side * side * 4, 255);
  for (let i = 0; i < side * side; i++) if (i % side >= side / 2) data.fill(0, i * 4, i * 4 + 3);
  return { name: "left-half.png", bytes: await encodePng({ width: side, height: side, data }) };
}
