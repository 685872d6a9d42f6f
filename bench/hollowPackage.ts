import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { programDir } from "../server/engine/packages.ts";
import { writeHollowWeights } from "../test/checkpoint/hollowWeights.ts";
import { type Published, writeDescription } from "./publishedPackage.ts";

/** px of the pictures that these models paint */
export const publishedSidePx: Readonly<Record<Published, number>> = { sdxl: 1024, sd15: 512 };

const fixtures = join(programDir(), "test", "fixtures", "networks");

/** One network's list of tensors, among the fixtures. */
interface TensorList {
  readonly config?: unknown;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

/**
 * Writes a package with the names, types and shapes of every tensor of the published weights, float16, and holes in place
 * of their data. Gives the size of all weights in bytes.
 */
export async function writeHollowPackage(name: Published, dir: string): Promise<number> {
  const encoders = await readFixture("published/encoders.json.gz");
  const { unet, controlnet, ip_adapter: adapter } = await readFixture(`unet/${name}/published.json.gz`);
  const published = (key: string) => {
    const found = encoders[key];
    if (found === undefined) throw new Error(`no ${key} among the fixtures`);
    return found;
  };
  const image = published(`ip_adapter_${name}`).tensors;
  const weights: Readonly<Record<string, TensorList | undefined>> = {
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
    await writeHollowWeights(join(dir, path), part.tensors);
    if (part.config !== undefined) {
      await writeFile(join(dir, dirname(path), "config.json"), JSON.stringify(part.config));
    }
  }
  const paths = Object.keys(weights).flatMap((path) =>
    path === "ip_adapter.safetensors" ? [path] : [path, `${dirname(path)}/config.json`],
  );
  return await writeDescription(dir, name, paths);
}

async function readFixture(path: string): Promise<Readonly<Record<string, TensorList>>> {
  return JSON.parse(gunzipSync(await readFile(join(fixtures, path))).toString("utf8"));
}
