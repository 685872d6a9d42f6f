import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { compileGraphs } from "../server/checkpoint/compile.ts";
import { graphsForSize } from "../server/checkpoint/graphRequest.ts";
import { programDir } from "../server/engine/packages.ts";
import { writeDescription } from "./publishedPackage.ts";
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
    if (part.config !== undefined) {
      await writeFile(join(dir, dirname(path), "config.json"), JSON.stringify(part.config));
    }
  }
  const paths = Object.keys(weights).flatMap((path) =>
    path === "ip_adapter.safetensors" ? [path] : [path, `${dirname(path)}/config.json`],
  );
  return await writeDescription(dir, name, side, paths);
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
