import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildGraph } from "../server/checkpoint/buildGraph.ts";
import { openCheckpoint } from "../server/checkpoint/checkpoint.ts";
import { compileGraphs } from "../server/checkpoint/compile.ts";
import { graphsForSize } from "../server/checkpoint/graphRequest.ts";
import { openModel } from "../server/engine/openModel.ts";
import { findPackage, modelsDir } from "../server/engine/packages.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import { watchedPreviewShare } from "../server/pipeline/previewPacing.ts";
import { openSession } from "../server/runtime/session.ts";
import { floats } from "../server/runtime/tensor.ts";
import { parseSettings } from "../shared/settings.ts";
import { multiplyAdds } from "./multiplyAdds.ts";
import { machine, matmulGraph, median, time } from "./support.ts";

// What the engine costs on this machine, in one run: `npm run bench`. Nothing here is a test; the targets are the
// issue's, for two CPU cores. Run it on an otherwise idle machine.

const side = 256;
const jobSteps = 30;
const scratch = await mkdtemp(join(tmpdir(), "backdrop-bench-"));
const rows: [name: string, value: string, target: string][] = [];

try {
  const ceiling = await measureCeiling();
  rows.push(["matmul ceiling (2048², fp32)", `${ceiling.toFixed(0)} GFLOP/s`, ""]);
  await measureCompile();
  const denoiser = await measureJob();
  const work =
    2 *
    multiplyAdds(
      await buildGraph(await openCheckpoint(await findPackage("mini")), {
        graph: "denoiser",
        width: side,
        height: side,
      }),
      2,
    );
  const speed = work / denoiser / 1e6;
  rows.push([
    "denoiser speed",
    `${speed.toFixed(0)} GFLOP/s of ${(work / 1e9).toFixed(1)} GFLOP: ${((100 * speed) / ceiling).toFixed(0)} % of the ceiling`,
    "",
  ]);
  rows.push(["peak memory", `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`, "≤ 1536 MB"]);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

console.log(`${machine()}; models/mini at ${side}×${side}\n`);
console.log("| what | measured | target |\n|---|---|---|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);

/** GFLOP/s of a large matrix product: nothing this runtime does on this machine is faster. */
async function measureCeiling(): Promise<number> {
  const n = 2048;
  const file = join(scratch, "ceiling.onnx");
  await writeFile(file, matmulGraph(n).encode());
  const session = await openSession(file, { provider: "cpu", weightsBytes: 0 });
  const matrix = floats(new Float32Array(n * n).fill(0.5), [n, n]);
  const ms = median(await time(5, () => session.run({ a: matrix, b: matrix })));
  await session.dispose();
  return (2 * n ** 3) / ms / 1e6;
}

/** A package without graphs, compiled from nothing. */
async function measureCompile(): Promise<void> {
  const dir = join(scratch, "mini");
  await cp(join(modelsDir(), "mini"), dir, {
    recursive: true,
    filter: (path) => !/\.onnx|compiled\.json/.test(path),
  });
  const begin = performance.now();
  const compiled = await compileGraphs(dir, graphsForSize({ width: side, height: side }));
  rows.push(["compile, all graphs", `${((performance.now() - begin) / 1000).toFixed(2)} s`, "≤ 3 s"]);
  const bytes = compiled.reduce((sum, graph) => sum + graph.bytes, 0);
  rows.push(["bytes written by compile", `${(bytes / 1e6).toFixed(2)} MB`, "≤ 10 MB"]);
}

/** Loads the model and runs whole jobs; returns the median milliseconds of a denoiser run with guidance. */
async function measureJob(): Promise<number> {
  const openBegin = performance.now();
  const model = await openModel("mini", { provider: "cpu" });
  await model.prepare([{ width: side, height: side }], { width: side, height: side });
  rows.push(["load (files, tokenizer, all sessions)", `${((performance.now() - openBegin) / 1000).toFixed(2)} s`, ""]);

  const samples = join(modelsDir(), "..", "samples");
  const named = async (name: string) => ({ name, bytes: await readFile(join(samples, name)) });
  // Strength 1, so that all steps run, and those of the second pass.
  const parsed = parseSettings({
    prompt: "a wooden table in warm evening light",
    strength: 1,
    steps: jobSteps,
    width: side,
    height: side,
  });
  const job = await decodeJob(
    { product: await named("bottle.png"), reference: await named("reference.jpg") },
    { ...parsed, seed: 1 },
  );

  await generate(model, { ...job, settings: { ...job.settings, steps: 2 } });
  let firstPreview = 0;
  let previews = 0;
  const previewBegin = performance.now();
  const shown = await generate(model, job, {
    previewShare: watchedPreviewShare,
    onPreview: () => {
      previews += 1;
      firstPreview ||= performance.now() - previewBegin;
    },
  });
  const withPreviews = performance.now() - previewBegin;
  const plainBegin = performance.now();
  let stepsRun = 0;
  const plain = await generate(model, job, { onStep: () => void stepsRun++ });
  const withoutPreviews = performance.now() - plainBegin;
  const step = (plain.timingsMs.denoise ?? Number.NaN) / stepsRun;
  const preview = shown.timingsMs.preview ?? Number.NaN;

  rows.push(["a step with guidance", `${step.toFixed(0)} ms`, "≤ 250 ms"]);
  rows.push([
    `${jobSteps} steps and ${stepsRun - jobSteps} of the second pass, end to end (warm)`,
    `${(withoutPreviews / 1000).toFixed(2)} s`,
    "≤ 12 s",
  ]);
  rows.push(["first preview (warm)", `${(firstPreview / 1000).toFixed(2)} s`, "≤ 1.5 s"]);
  rows.push([
    "previews, a share of the job",
    `${((100 * preview) / withPreviews).toFixed(1)} % (${previews} of ${(preview / previews).toFixed(1)} ms each)`,
    "≤ 5 %",
  ]);
  await model.dispose();
  return step;
}
