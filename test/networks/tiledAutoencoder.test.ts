import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildVaeDecoder, buildVaeEncoder, parseAutoencoderConfig } from "../../server/networks/autoencoder.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { inTiles, type Planes } from "../../server/pipeline/tiles.ts";
import { expectClose, floats, openGraph, pick, type TestSession, type TestTensor, worstElement } from "./support.ts";

// What working in tiles changes. docs/memory.md has these figures.

const folders = {
  mini: fileURLToPath(new URL("../../models/mini/vae/", import.meta.url)),
  tiny: fileURLToPath(new URL("../fixtures/networks/vae/tiny/", import.meta.url)),
  sdxl: fileURLToPath(new URL("../fixtures/networks/vae/sdxl/", import.meta.url)),
};
const file = "diffusion_pytorch_model.safetensors";

const sessions: TestSession[] = [];
afterAll(async () => {
  for (const session of sessions) await session.close();
});

/** One half of an autoencoder, for tiles of any size. */
async function half(
  name: keyof typeof folders,
  which: "encoder" | "decoder",
): Promise<(tile: Planes) => Promise<Planes>> {
  const folder = folders[name];
  const weights = await readSafetensors(`${folder}${file}`, file);
  const config = parseAutoencoderConfig(JSON.parse(await readFile(`${folder}config.json`, "utf8")));
  const opened = new Map<string, TestSession>();
  const build = which === "decoder" ? buildVaeDecoder : buildVaeEncoder;
  const { input, output, inputPx, factor } =
    which === "decoder"
      ? { input: "latents", output: "image", inputPx: 8, factor: 8 }
      : { input: "image", output: "latents", inputPx: 1, factor: 1 / 8 };

  return async ({ data, width, height }) => {
    const key = `${width}×${height}`;
    let session = opened.get(key);
    if (session === undefined) {
      const graph = new Graph("vae");
      build(new Scope(graph, weights, "vae"), config, { width: width * inputPx, height: height * inputPx });
      session = await openGraph(graph, folder);
      sessions.push(session);
      opened.set(key, session);
    }
    const planes = floats([1, data.length / width / height, height, width], data);
    const { data: made } = pick(await session.run({ [input]: planes }), output);
    if (!(made instanceof Float32Array)) throw new Error(`${output}: no floats`);
    return { data: made, width: width * factor, height: height * factor };
  };
}

/** Broad shapes, an edge and some texture, in −1.3 … 1.9. */
function scene(channels: number, width: number, height: number): Planes {
  const data = Float32Array.from({ length: channels * width * height }, (_, i) => {
    const [c, y, x] = [Math.floor(i / width / height), Math.floor(i / width) % height, i % width];
    const broad = Math.sin((2.3 * x) / width + c) * Math.cos((3.1 * y) / height - c) + (x > 0.6 * width ? 0.8 : 0);
    return broad + 0.2 * Math.sin(1.7 * x + c) * Math.sin(2.1 * y);
  });
  return { data, width, height };
}

function tensor({ data, width, height }: Planes): TestTensor {
  return floats([data.length / width / height, height, width], data);
}

/** dB, of pictures in [−1, 1] */
function psnr(a: Planes, b: Planes): number {
  const squares = a.data.reduce((sum, value, i) => sum + (value - (b.data[i] ?? 0)) ** 2, 0);
  return 10 * Math.log10(4 / (squares / a.data.length));
}

/** The most by which a step between neighbouring columns differs, within the band around a seam. */
function worstStep(tiled: Planes, whole: Planes, seam: number, band: number): number {
  let most = 0;
  for (let row = 0; row < whole.data.length / whole.width; row++) {
    for (let column = seam - band; column <= seam + band; column++) {
      const at = row * whole.width + column;
      const step = ({ data }: Planes) => (data[at] ?? 0) - (data[at - 1] ?? 0);
      most = Math.max(most, Math.abs(step(tiled) - step(whole)));
    }
  }
  return most;
}

describe("an AutoencoderTiny in tiles", () => {
  it("is exact where the margin is as wide as its reach", async () => {
    const decode = await half("tiny", "decoder");
    const latents = scene(4, 40, 20);
    const whole = tensor(await decode(latents));
    // 12: a latent element is reached through 7 convolutions at its own size, 4, 4 and 5 at twice, four and eight times it.
    const tile = { width: 32, height: 20 };
    const tiled = tensor(await inTiles(latents, { tile, margin: 12, feather: 0 }, { in: 1, out: 8 }, decode));
    expectClose(tiled, whole, 2e-6);
    const narrow = { tile: { width: 12, height: 20 }, margin: 1, feather: 0 };
    const cut = tensor(await inTiles(latents, narrow, { in: 1, out: 8 }, decode));
    expect(worstElement(cut, whole).error).toBeGreaterThan(1e-4);
  });

  it("of the embedded model is as good as exact with the margin that jobs use, both ways", async () => {
    const tiling = { tile: { width: 40, height: 24 }, margin: 8, feather: 16 };
    const decode = await half("mini", "decoder");
    const latents = scene(4, 64, 24);
    const whole = await decode(latents);
    expect(psnr(await inTiles(latents, tiling, { in: 1, out: 8 }, decode), whole)).toBeGreaterThan(100);
    const encode = await half("mini", "encoder");
    const again = await inTiles(whole, tiling, { in: 8, out: 1 }, encode);
    expect(psnr(again, await encode(whole))).toBeGreaterThan(80);
  });
});

describe("an AutoencoderKL in tiles", () => {
  it("differs, because its norms see a tile only, but the overlap spreads the difference", async () => {
    const decode = await half("sdxl", "decoder");
    const latents = scene(4, 56, 24);
    const whole = await decode(latents);
    const tile = { width: 40, height: 24 };
    const faded = await inTiles(latents, { tile, margin: 8, feather: 16 }, { in: 1, out: 8 }, decode);
    const cut = await inTiles(latents, { tile, margin: 12, feather: 0 }, { in: 1, out: 8 }, decode);
    const seam = (56 / 2) * 8;
    // Measured: 0.09 instead of 0.75, of a range of 2; 26.7 dB instead of 25.4.
    expect(worstStep(cut, whole, seam, 80)).toBeGreaterThan(0.5);
    expect(worstStep(faded, whole, seam, 80)).toBeLessThan(0.12);
    expect(psnr(faded, whole)).toBeGreaterThan(25.5);
  });
});
