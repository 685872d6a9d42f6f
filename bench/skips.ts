// What is saved where guidance or the ControlNet does not count, and what a LoRA costs: processor time of a denoising step of the
// embedded model, without other stages and in turns, so that it also means something on a machine that does other things.
// For one thread, whose time is the step's: `taskset -c 0 node dist/bench/skips.js`
import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors } from "../server/checkpoint/safetensors.ts";
import { openModel } from "../server/engine/openModel.ts";
import { modelsDir } from "../server/engine/packages.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import type { Model } from "../server/pipeline/model.ts";
import { parseSettings } from "../shared/settings.ts";
import { machine, median } from "./support.ts";

const side = 256;
const rounds = 5;
const steps = 4;
const rank = 16;
const scratch = await mkdtemp(join(tmpdir(), "backdrop-bench-skips-"));
const rows: [name: string, value: string][] = [];

const variants = {
  "guidance and ControlNet": {},
  "guidance, without the ControlNet (`controlEnd` 0)": { controlEnd: 0 },
  "ControlNet, without guidance (`guidanceEnd` 0)": { guidanceEnd: 0 },
  neither: { controlEnd: 0, guidanceEnd: 0 },
} as const;

try {
  const plain = await openMeasured("mini");
  const merged = await openMeasured(await withLora());
  const times = new Map<string, number[]>();
  const note = (name: string, ms: readonly number[]) => times.set(name, [...(times.get(name) ?? []), ...ms]);
  for (let round = 0; round < rounds; round++) {
    for (const [name, settings] of Object.entries(variants)) note(name, await stepTimes(plain, settings));
    note(`guidance and ControlNet, with a LoRA of rank ${rank} on every linear layer`, await stepTimes(merged, {}));
  }
  for (const [name, ms] of times) rows.push([name, `${median(ms).toFixed(1)} ms`]);
  for (const { model } of [plain, merged]) await model.dispose();
} finally {
  await rm(scratch, { recursive: true, force: true });
}

console.log(`${machine()}; models/mini at ${side}×${side}, median of ${rounds * steps} steps\n`);
console.log("| a step with | processor time |\n|---|---|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);

interface Measured {
  readonly model: Awaited<ReturnType<typeof openModel>>;
  /** the same model; notes what its denoiser takes */
  readonly observed: Model;
  readonly denoiserMs: number[];
}

async function openMeasured(nameOrDir: string): Promise<Measured> {
  const model = await openModel(nameOrDir, { provider: "cpu" });
  const denoiserMs: number[] = [];
  const observed: Model = {
    ...model,
    async run(request, inputs) {
      const before = process.cpuUsage();
      const outputs = await model.run(request, inputs);
      const { user, system } = process.cpuUsage(before);
      if (request.graph === "denoiser") denoiserMs.push((user + system) / 1000);
      return outputs;
    },
  };
  return { model, observed, denoiserMs };
}

/** Processor time of each step of a job's first pass, the first one, which warms up, left out. */
async function stepTimes({ observed, denoiserMs }: Measured, settings: object): Promise<readonly number[]> {
  const samples = join(modelsDir(), "..", "samples");
  const named = async (name: string) => ({ name, bytes: await readFile(join(samples, name)) });
  const parsed = parseSettings({ strength: 1, steps: steps + 1, width: side, height: side, ...settings });
  const files = { product: await named("bottle.png"), reference: await named("reference.jpg") };
  denoiserMs.length = 0;
  await generate(observed, await decodeJob(files, { ...parsed, seed: 1 }));
  return denoiserMs.slice(1, steps + 1);
}

/** A copy of the embedded model with a random LoRA. */
async function withLora(): Promise<string> {
  const dir = join(scratch, "mini");
  await cp(join(modelsDir(), "mini"), dir, { recursive: true });
  const unet = await readSafetensors(join(dir, "unet", "diffusion_pytorch_model.safetensors"), "unet");
  const header: Record<string, unknown> = {};
  let end = 0;
  const put = (name: string, shape: readonly [number, number]) => {
    const bytes = 2 * shape[0] * shape[1];
    header[name] = { dtype: "F16", shape, data_offsets: [end, end + bytes] };
    end += bytes;
  };
  for (const [key, { shape }] of unet) {
    const [out = 0, width = 0] = shape;
    if (shape.length !== 2) continue;
    const layer = `unet.${key.slice(0, -".weight".length)}`;
    put(`${layer}.lora_A.weight`, [rank, width]);
    put(`${layer}.lora_B.weight`, [out, rank]);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  // Any bits but those of infinities: the speed of a step does not depend on its numbers.
  const data = randomBytes(end).map((byte) => byte & 0b1011_1011);
  const file = join(dir, "lora.safetensors");
  await writeFile(file, Buffer.concat([length, text, data]));

  const description = join(dir, "backdrop.json");
  const { files, ...rest }: { files: unknown[] } = JSON.parse(await readFile(description, "utf8"));
  const listed = { path: "lora.safetensors", sizeBytes: (await stat(file)).size, sha256: "0".repeat(64) };
  const lora = { name: "random", file: "lora.safetensors", scale: 0.001 };
  await writeFile(description, JSON.stringify({ ...rest, lora, files: [...files, listed] }));
  return dir;
}
