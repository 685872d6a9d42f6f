import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openModel } from "../server/engine/openModel.ts";
import { modelsDir } from "../server/engine/packages.ts";
import { decodeImage } from "../server/image/decode.ts";
import { encodePng } from "../server/image/encode.ts";
import type { RgbaImage } from "../server/image/rgba.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import { type Fusion, parseSettings } from "../shared/settings.ts";

// How far the reference reaches into the region that belongs to the text (R7), for every fusion that has regions: D keeps
// the left half, the reference is exchanged, and the change of the picture is measured on both sides.
// `node dist/bench/leakage.js`

const side = 256;
const seeds = [0, 1, 2, 3];
const fusions: readonly Fusion[] = ["query", "output", "global"];
const references = ["reference-table.jpg", "reference-beach.jpg"];

const samples = join(modelsDir(), "..", "samples");
const named = async (name: string) => ({ name, bytes: await readFile(join(samples, name)) });
const model = await openModel("mini", { provider: "auto" });
const leftHalf = { name: "left-half.png", bytes: await encodePng(leftHalfMask()) };

console.log(
  "| fusion | strength | change where D keeps the reference | change where the text rules | leak |\n|---|---|---|---|---|",
);
for (const strength of [model.package.strength, 1]) for (const fusion of fusions) await measure(fusion, strength);
console.log(
  `\nMean absolute difference in levels of 255, seeds ${seeds.join(", ")}; a band of 64 px at the border is left out.`,
);
await model.dispose();

async function measure(fusion: Fusion, strength: number): Promise<void> {
  let [kept, text] = [0, 0];
  for (const seed of seeds) {
    const [a, b] = await Promise.all(references.map((reference) => background(reference, fusion, strength, seed)));
    if (!a || !b) throw new Error("two references");
    kept += difference(a, b, 0, side / 2 - 32) / seeds.length;
    text += difference(a, b, side / 2 + 32, side) / seeds.length;
  }
  console.log(
    `| ${fusion} | ${strength} | ${kept.toFixed(1)} | ${text.toFixed(1)} | ${((100 * text) / kept).toFixed(0)} % |`,
  );
}
async function background(reference: string, fusion: Fusion, strength: number, seed: number): Promise<RgbaImage> {
  const settings = parseSettings({
    prompt: "a pink studio backdrop with soft shadows",
    fusion,
    strength,
    seed,
    width: side,
    height: side,
  });
  const files = { product: await named("bottle.png"), reference: await named(reference), referenceMask: leftHalf };
  const { variants } = await generate(model, await decodeJob(files, { ...settings, seed }));
  return await decodeImage(variants[0]?.background ?? new Uint8Array(), "background.png");
}

/** Mean absolute difference of the columns [from, to), in levels of 255. */
function difference(a: RgbaImage, b: RgbaImage, from: number, to: number): number {
  let total = 0;
  for (let y = 0; y < side; y++) {
    for (let i = (y * side + from) * 4; i < (y * side + to) * 4; i++)
      total += Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 0));
  }
  return total / (side * (to - from) * 3);
}

function leftHalfMask(): RgbaImage {
  const data = new Uint8Array(side * side * 4).fill(255);
  for (let i = 0; i < side * side; i++) if (i % side >= side / 2) data.fill(0, i * 4, i * 4 + 3);
  return { width: side, height: side, data };
}
