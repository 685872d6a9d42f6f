import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { compileGraphs } from "../server/checkpoint/compile.ts";
import { programDir } from "../server/engine/packages.ts";
import { openSession } from "../server/runtime/session.ts";
import { type FloatTensor, floats, type Tensor } from "../server/runtime/tensor.ts";
import { writeDescription } from "./publishedPackage.ts";
import { machine, median } from "./support.ts";

// A denoiser step here and in diffusers (PyTorch, SDPA): same machine, same weights, same inputs, fp32, one run.
// `npm run build && node dist/bench/sideBySide.js PYTHON [sd15|sdxl|sdxl_full …]`, PYTHON with training/requirements.txt and accelerate installed. It takes
// minutes, 9 GB of memory and 3 GB of disk; sdxl_full 24 GB and 8 GB. Both sides run in processes of their own, one after the other, and time
// counts from their start.

const [python = "python3", ...names] = process.argv.slice(2);
const script = join(programDir(), "bench", "diffusers", "step.py");
const models = {
  sd15: "SD 1.5, full size",
  sdxl: "SDXL's widths, transformer depths 1, 1, 2",
  sdxl_full: "SDXL, full size",
} as const;
type Name = keyof typeof models;
const weights = [
  ...["unet", "controlnet"].flatMap((part) => [`${part}/config.json`, `${part}/diffusion_pytorch_model.safetensors`]),
  "ip_adapter.safetensors",
];

const folder = process.env.BACKDROP_BENCH_FOLDER;
if (folder !== undefined) await runHere(folder);
else {
  console.log(`${machine()}; a step with guidance (batch 2) at 512², ControlNet and IP-Adapter included\n`);
  for (const name of names.length === 0 ? (["sd15", "sdxl"] as const) : names.filter(isName)) await compare(name);
}

function isName(name: string): name is Name {
  return name in models;
}

async function compare(name: Name): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), `backdrop-bench-${name}-`));
  try {
    await watch(python, [script, "make", dir, name]);
    await writeDescription(dir, name === "sd15" ? "sd15" : "sdxl", weights);
    await readThrough(dir);
    const theirs = await watch(python, [script, "run", dir]);
    await readThrough(dir);
    const ours = await watch(process.execPath, [join(programDir(), "dist", "bench", "sideBySide.js")], dir);
    console.log(`**${models[name]}**\n\n| what | here | diffusers | ratio | target |\n|---|---|---|---|---|`);
    row("from start to loaded", ours.loadedMs, theirs.loadedMs, seconds, "");
    row("from cold start to the first step", ours.firstMs, theirs.firstMs, seconds, "≤ 0.5");
    row("a step, median", ours.stepMs, theirs.stepMs, seconds, "≤ 0.8");
    row("peak memory", ours.peakBytes, theirs.peakBytes, (bytes) => `${(bytes / 1e9).toFixed(1)} GB`, "");
    console.log(`\nLargest difference of the predictions, relative to their largest value: ${await difference(dir)}\n`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** So that both sides find the weights in the system's cache, as far as they fit in it. */
async function readThrough(dir: string): Promise<void> {
  for (const path of weights) {
    for await (const _ of createReadStream(join(dir, path), { highWaterMark: 2 ** 24 }));
  }
}

interface Watched {
  readonly loadedMs: number;
  readonly firstMs: number;
  readonly stepMs: number;
  readonly peakBytes: number;
}

type Line = { readonly event: "loaded" | "step"; readonly ms: number };

/** Runs a side to its end; times since its start, and the largest resident size seen. */
async function watch(command: string, args: readonly string[], dir?: string): Promise<Watched> {
  const begin = performance.now();
  const side = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...(dir !== undefined && { BACKDROP_BENCH_FOLDER: dir }) },
  });
  let peakBytes = 0;
  const watcher = setInterval(async () => {
    const status = await readFile(`/proc/${side.pid}/status`, "utf8").catch(() => "");
    peakBytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peakBytes / 1024);
  }, 100);
  const lines: (Line & { readonly atMs: number })[] = [];
  createInterface({ input: side.stdout }).on("line", (line) => {
    if (line.startsWith("{")) lines.push({ ...JSON.parse(line), atMs: performance.now() - begin });
  });
  const code = await new Promise((resolve) => side.once("close", resolve));
  clearInterval(watcher);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
  const steps = lines.filter(({ event }) => event === "step");
  return {
    loadedMs: lines.find(({ event }) => event === "loaded")?.atMs ?? Number.NaN,
    firstMs: steps[0]?.atMs ?? Number.NaN,
    stepMs: median(steps.slice(steps.length > 1 ? 1 : 0).map(({ ms }) => ms)),
    peakBytes,
  };
}

/** This side: compile, load, steps. */
async function runHere(dir: string): Promise<void> {
  const report = (line: Line) => console.log(JSON.stringify(line));
  const { side, timestep, steps, shapes } = JSON.parse(await readFile(join(dir, "inputs.json"), "utf8"));
  const begin = performance.now();
  const size = { width: side, height: side };
  const [control, denoiser] = await Promise.all(
    (
      await compileGraphs(dir, [
        { graph: "control", ...size },
        { graph: "denoiser", ...size },
      ])
    ).map(({ file, memory }) => openSession(file, { provider: "cpu", weightsBytes: memory.weightsBytes })),
  );
  if (control === undefined || denoiser === undefined) throw new Error("expected two graphs");
  report({ event: "loaded", ms: performance.now() - begin });

  const read = async (name: string): Promise<FloatTensor> => floats(await readFloats(dir, name), shapes[name]);
  const pooled = shapes.text_embeds && { text_embeds: await read("text_embeds"), time_ids: await read("time_ids") };
  let prediction: Tensor | undefined;
  let embedding: Tensor | undefined;
  for (let step = 0; step < steps; step++) {
    const stepBegin = performance.now();
    embedding ??= (await control.run({ control_image: await read("control_image") })).control_embedding;
    if (embedding === undefined) throw new Error("no control_embedding");
    const outputs = await denoiser.run({
      sample: await read("sample"),
      timestep: floats([timestep], [1]),
      encoder_hidden_states: await read("encoder_hidden_states"),
      image_tokens: await read("image_tokens"),
      query_mask: floats(new Float32Array((side / 8) ** 2).fill(1), [1, 1, side / 8, side / 8]),
      fusion: floats([0, 0, 0], [3]),
      image_scale: floats([1], [1]),
      control_embedding: embedding,
      control_scale: floats([1], [1]),
      ...pooled,
    });
    prediction = outputs.noise_prediction;
    report({ event: "step", ms: performance.now() - stepBegin });
  }
  if (!(prediction?.data instanceof Float32Array)) throw new Error("no noise_prediction");
  await writeFile(join(dir, "here.f32"), new Uint8Array(prediction.data.buffer));
}

async function difference(dir: string): Promise<string> {
  const [here, there] = [await readFloats(dir, "here"), await readFloats(dir, "diffusers")];
  let [largest, worst] = [0, here.length === there.length ? 0 : Number.POSITIVE_INFINITY];
  there.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - (here[i] ?? Number.NaN)));
  });
  return (worst / largest).toExponential(1);
}

async function readFloats(dir: string, name: string): Promise<Float32Array> {
  const { buffer, byteOffset, byteLength } = await readFile(join(dir, `${name}.f32`));
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

function row(what: string, ours: number, theirs: number, show: (value: number) => string, target: string): void {
  console.log(`| ${what} | ${show(ours)} | ${show(theirs)} | ${(ours / theirs).toFixed(2)} | ${target} |`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
