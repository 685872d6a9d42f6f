import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openModel } from "../server/engine/openModel.ts";
import { modelsDir } from "../server/engine/packages.ts";
import { decodeImage } from "../server/image/decode.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import { parseSettings } from "../shared/settings.ts";
import { machine } from "./support.ts";

// What a precision costs and saves: the same jobs with each, in one run. `npm run build && node dist/bench/precision.js [steps]`

const steps = Number(process.argv[2] ?? 30);
const seeds = [1, 2, 3];
const samples = join(modelsDir(), "..", "samples");
const named = async (file: string) => ({ name: file, bytes: await readFile(join(samples, file)) });
const files = { product: await named("bottle.png"), reference: await named("reference.jpg") };

console.log(`${machine()}; models/mini at 256², ${steps} steps, strength 1, seeds ${seeds.join(", ")}\n`);
console.log("| precision | a step with guidance | PSNR of the background against fp32, worst seed |\n|---|---|---|");
const exact = new Map<number, Uint8Array>();
for (const precision of ["fp32", "int8"] as const) {
  const model = await openModel("mini", { provider: "cpu", precision });
  const stepsMs: number[] = [];
  let worst = Number.POSITIVE_INFINITY;
  for (const seed of seeds) {
    const settings = parseSettings({
      prompt: "a wooden table in warm evening light",
      strength: 1,
      steps,
      width: 256,
      height: 256,
    });
    const job = await decodeJob(files, { ...settings, seed });
    let stepsRun = 0;
    const { variants, timingsMs } = await generate(model, job, { onStep: () => void stepsRun++ });
    stepsMs.push((timingsMs.denoise ?? Number.NaN) / stepsRun);
    const { data } = await decodeImage(variants[0]?.background ?? new Uint8Array(), "background");
    worst = Math.min(worst, psnr(data, exact.get(seed) ?? data));
    if (precision === "fp32") exact.set(seed, data);
  }
  await model.dispose();
  console.log(
    `| ${precision} | ${Math.min(...stepsMs).toFixed(0)} ms | ${precision === "fp32" ? "–" : `${worst.toFixed(1)} dB`} |`,
  );
}

/** of the colours of RGBA pictures, dB */
function psnr(a: Uint8Array, b: Uint8Array): number {
  const squares = a.reduce((sum, value, i) => sum + (i % 4 === 3 ? 0 : (value - (b[i] ?? 0)) ** 2), 0);
  return 10 * Math.log10(255 ** 2 / (squares / (0.75 * a.length)));
}
