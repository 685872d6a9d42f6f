import { mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { compileGraphs } from "../server/checkpoint/compile.ts";
import { graphsForSize } from "../server/checkpoint/graphRequest.ts";
import type { PackageDescription } from "../server/checkpoint/modelPackage.ts";
import { programDir } from "../server/engine/packages.ts";
import { machine } from "./support.ts";

// What compiling costs at full size: `npm run build && node dist/bench/fullSize.js [sdxl|sd15]`. The package has the names, types and shapes
// of every tensor of the published weights (test/fixtures/networks), float16, and holes in place of their data: compiling reads no data.

const name = process.argv[2] === "sd15" ? "sd15" : "sdxl";
const side = { sdxl: 1024, sd15: 512 }[name];
const fixtures = join(programDir(), "test", "fixtures", "networks");

interface Published {
  readonly config?: unknown;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

const dir = await mkdtemp(join(tmpdir(), `backdrop-bench-${name}-`));
try {
  const weightBytes = await writePackage();
  const begin = performance.now();
  const compiled = await compileGraphs(dir, graphsForSize(side, side));
  const seconds = (performance.now() - begin) / 1000;
  const written = compiled.reduce((sum, graph) => sum + graph.bytes, 0);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  console.log(`${machine()}; ${name} at ${side}², ${(weightBytes / 1e9).toFixed(1)} GB of float16 weights\n`);
  console.log("| what | measured | target |\n|---|---|---|");
  console.log(`| compile, all ${compiled.length} graphs | ${seconds.toFixed(2)} s | ≤ 10 s |`);
  console.log(`| bytes written, no weight among them | ${(written / 1e6).toFixed(1)} MB | ≤ 30 MB |`);
  console.log(`| peak memory | ${(peakBytes / 1e6).toFixed(0)} MB | ≤ 600 MB |`);
} finally {
  await rm(dir, { recursive: true, force: true });
}

/** Gives the size of all weights. */
async function writePackage(): Promise<number> {
  const encoders = await readFixture("published/encoders.json.gz");
  const { unet, controlnet, ip_adapter: adapter } = await readFixture(`unet/${name}/published.json.gz`);
  const published = (key: string) => {
    const found = encoders[key];
    if (found === undefined) throw new Error(`no ${key} among the fixtures`);
    return found;
  };
  const image = published(`ip_adapter_${name}`).tensors;
  const weights: Readonly<Record<string, Published | undefined>> = {
    "unet/diffusion_pytorch_model.safetensors": unet,
    "controlnet/diffusion_pytorch_model.safetensors": controlnet,
    "ip_adapter.safetensors": { tensors: { ...image, ...adapter?.tensors } },
    "vae/diffusion_pytorch_model.safetensors": published(`vae_${name}`),
    "text_encoder/model.safetensors": published("clip_l"),
    ...(name === "sdxl" && { "text_encoder_2/model.safetensors": published("big_g") }),
    "image_encoder/model.safetensors": published("vit_h"),
    "depth/model.safetensors": published("depth_small"),
  };
  for (const [path, part] of Object.entries(weights)) {
    if (part === undefined) throw new Error(`no ${path} among the fixtures`);
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeHollow(join(dir, path), part.tensors);
    if (part.config !== undefined) await writeJson(join(dirname(path), "config.json"), part.config);
  }
  const scheduler = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear", steps_offset: 1 };
  await writeJson("scheduler/scheduler_config.json", scheduler);
  const paths = Object.keys(weights).flatMap((path) =>
    path === "ip_adapter.safetensors" ? [path] : [path, `${dirname(path)}/config.json`],
  );
  const sizes = await Promise.all(paths.map(async (path) => ({ path, sizeBytes: (await stat(join(dir, path))).size })));
  await writeJson("backdrop.json", describe(sizes));
  return sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function readFixture(path: string): Promise<Readonly<Record<string, Published>>> {
  return JSON.parse(gunzipSync(await readFile(join(fixtures, path))).toString("utf8"));
}

/** A safetensors file with the header of these tensors, as long as their data but without it. */
async function writeHollow(path: string, tensors: Published["tensors"]): Promise<void> {
  let end = 0;
  const entries = Object.entries(tensors).map(([key, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((n, d) => n * d, 1);
    return [key, { dtype: "F16", shape, data_offsets: [begin, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, "w");
  await file.writeFile(Buffer.concat([length, header]));
  await file.truncate(8 + header.length + end);
  await file.close();
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), JSON.stringify(value));
}

function describe(files: readonly { readonly path: string; readonly sizeBytes: number }[]): PackageDescription {
  const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
  const clipStd = [0.26862954, 0.26130258, 0.27577711] as const;
  const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  return {
    schemaVersion: 1,
    name,
    title: name,
    licence: "none: no weights",
    architecture: name === "sdxl" ? "sdxl" : "sd",
    pixelArea: side ** 2,
    sideMultiple: 64,
    latentRgb: { factors: [0, 0, 0, 0].map(() => [0, 0, 0]), bias: [0, 0, 0] },
    vision: {
      imageSize: 224,
      patchSize: 14,
      droppedPatches: "exclude",
      hiddenState: "penultimate",
      mean: [...clipMean],
      std: [...clipStd],
    },
    text: { maxTokens: 77, hiddenState: name === "sdxl" ? "penultimate" : "last_normed" },
    tokenCompression: "resampler",
    fusion: "query",
    strength: 1,
    guidance: 7.5,
    depth: {
      imageSize: 518,
      mean: [...imageNet.mean],
      std: [...imageNet.std],
      scale: "relative",
      conditioning: "composite",
    },
    guidanceRescale: 0,
    unconditionalText: name === "sdxl" ? "zeros" : "encode",
    files: files.map((file) => ({ ...file, sha256: "0".repeat(64) })),
  };
}
