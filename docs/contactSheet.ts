import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { openModel } from "../server/engine/openModel.ts";
import { modelsDir } from "../server/engine/packages.ts";
import { decodeImage } from "../server/image/decode.ts";
import { drawOnCanvas, resample, whole } from "../server/image/resize.ts";
import { flatten, type RgbaImage } from "../server/image/rgba.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import type { Rect } from "../shared/geometry.ts";
import { parseSettings } from "../shared/settings.ts";

// Makes docs/contact-sheet.webp: four products × four references with a prompt each, four seeds in a row, nothing picked.
// `npm run contact-sheet -- [--seed 0] [--fusion query] [--guidance 7.5] [--steps 30] [--strength 0.2] [--out docs/contact-sheet.webp]`

const root = join(modelsDir(), "..");
const products = ["bottle.png", "jar.png", "box.png", "sneaker.png"];
const styles = [
  ["reference-table", "a wooden table in warm evening light"],
  ["reference-beach", "on the sand of a sunny beach by the sea"],
  ["reference-podium", "a pastel podium with an arch, soft studio light"],
  ["reference-bokeh", "a dark glossy table at night with blurred city lights"],
] as const;
const cell = 256;
const gap = 8;
/** between the seeds of a cell */
const seam = 2;
const white = [255, 255, 255] as const;

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "0" },
    out: { type: "string", default: join(root, "docs", "contact-sheet.webp") },
    fusion: { type: "string" },
    guidance: { type: "string" },
    steps: { type: "string" },
    strength: { type: "string" },
  },
});
const numeric = Object.fromEntries(
  (["guidance", "steps", "strength"] as const).flatMap((name) =>
    options[name] !== undefined ? [[name, Number(options[name])]] : [],
  ),
);

const named = async (name: string) => ({ name, bytes: await readFile(join(root, "samples", name)) });
const sheetSize = {
  width: (styles.length + 1) * (cell + gap) - gap,
  height: (products.length + 1) * (cell + gap) - gap,
};
let sheet: RgbaImage = flatten({ ...sheetSize, data: new Uint8Array(sheetSize.width * sheetSize.height * 4) }, white);

const model = await openModel("mini", { provider: "auto" });
for (const [column, [style]] of styles.entries()) await place(await named(`${style}.jpg`), boxOf(column + 1, 0));
for (const [row, product] of products.entries()) {
  await place(await named(product), boxOf(0, row + 1));
  for (const [column, [style, prompt]] of styles.entries()) {
    const seed = Number(options.seed);
    const parsed = parseSettings({
      prompt,
      seed,
      variants: 4,
      width: 512,
      height: 512,
      fusion: options.fusion,
      ...numeric,
    });
    const files = {
      product: await named(product),
      reference: await named(`${style}.jpg`),
      referenceMask: await named(`${style}.mask.png`),
    };
    const { variants } = await generate(model, await decodeJob(files, { ...parsed, seed }));
    for (const [i, { result }] of variants.entries()) {
      await place({ name: "result.png", bytes: result }, quarterOf(boxOf(column + 1, row + 1), i));
    }
    console.log(`${product} × ${style}`);
  }
}
await model.dispose();
await sharp(sheet.data, { raw: { ...sheetSize, channels: 4 } })
  .webp({ quality: 75, effort: 6 })
  .toFile(options.out);
console.log(options.out);

function boxOf(column: number, row: number): Rect {
  return { x: column * (cell + gap), y: row * (cell + gap), width: cell, height: cell };
}

/** 0 … 3: row by row */
function quarterOf({ x, y }: Rect, index: number): Rect {
  const side = (cell - seam) / 2;
  return {
    x: x + (index % 2) * (side + seam),
    y: y + Math.floor(index / 2) * (side + seam),
    width: side,
    height: side,
  };
}

/** Draws one picture into its place on the sheet. */
async function place(file: { name: string; bytes: Uint8Array }, box: Rect): Promise<void> {
  const image = flatten(await decodeImage(file.bytes, file.name), white);
  sheet = over(sheet, drawOnCanvas(await resample(image, whole(image), box), box, sheetSize));
}

/** Opaque pixels of `top` over `bottom`, both of one size. */
function over(bottom: RgbaImage, top: RgbaImage): RgbaImage {
  const data = bottom.data.slice();
  for (let i = 0; i < data.length; i += 4) {
    if (top.data[i + 3] === 255) data.set(top.data.subarray(i, i + 4), i);
  }
  return { ...bottom, data };
}
