import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type GraphRequest, graphFile } from "../../server/checkpoint/graphRequest.ts";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildVaeDecoder, buildVaeEncoder, parseAutoencoderConfig } from "../../server/networks/autoencoder.ts";
import { buildVaePart, tileStatistics } from "../../server/networks/tiledVae.ts";
import { parseVaeConfig, type VaeConfig } from "../../server/networks/vae.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { decode, encode, vaeTile } from "../../server/pipeline/autoencoder.ts";
import { floatOutput, type Model } from "../../server/pipeline/model.ts";
import { inTiles, type Planes } from "../../server/pipeline/tiles.ts";
import type { NamedTensors } from "../../server/runtime/tensor.ts";
import { referenceTarget } from "../../shared/providers.ts";
import {
  expectClose,
  floats,
  noise,
  openGraph,
  pick,
  type TestSession,
  type TestTensor,
  worstElement,
} from "./support.ts";

// What working in tiles changes. docs/memory.md has these figures.

const folders = {
  mini: fileURLToPath(new URL("../../models/mini/vae/", import.meta.url)),
  tiny: fileURLToPath(new URL("../fixtures/networks/vae/tiny/", import.meta.url)),
};
const file = "diffusion_pytorch_model.safetensors";

const sessions: TestSession[] = [];
afterAll(async () => {
  for (const session of sessions) await session.close();
}, 60_000);

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

function withNoise({ data, width, height }: Planes, share: number): Planes {
  const { data: random } = noise([data.length], 1);
  return { data: data.map((value, i) => value + share * Number(random[i])), width, height };
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

/** An AutoencoderKL as the pipeline sees it. */
async function openKl(name: "sdxl" | "sd15" | "bare") {
  const folder = fileURLToPath(new URL(`../fixtures/networks/vae/${name}/`, import.meta.url));
  const weights = await readSafetensors(`${folder}${file}`, file);
  const config = parseVaeConfig(JSON.parse(await readFile(`${folder}config.json`, "utf8")));
  const opened = new Map<string, TestSession>();
  const model: Pick<Model, "run"> = {
    async run(request, inputs) {
      const key = graphFile(request, referenceTarget);
      let session = opened.get(key);
      if (session === undefined) {
        const graph = new Graph(request.graph);
        build(request, new Scope(graph, weights, "vae"), config);
        session = await openGraph(graph, folder);
        sessions.push(session);
        opened.set(key, session);
      }
      const given = Object.entries(inputs).map(([input, { data, dims }]) => [input, floats(dims, onlyFloats(data))]);
      const outputs = await session.run(Object.fromEntries(given));
      return Object.fromEntries(
        [...outputs].map(([output, { data, shape }]) => [output, { data: onlyFloats(data), dims: shape }]),
      );
    },
  };
  return { model, statistics: tileStatistics(config) };
}

function build(request: GraphRequest, s: Scope, config: VaeConfig): void {
  switch (request.graph) {
    case "vae_encoder":
      buildVaeEncoder(s, config, request);
      break;
    case "vae_decoder":
      buildVaeDecoder(s, config, request);
      break;
    case "vae_encoder_tile":
    case "vae_encoder_end":
    case "vae_decoder_start":
    case "vae_decoder_tile":
      buildVaePart(request.graph, s, config, request);
      break;
    default:
      throw new Error(`no graph of an autoencoder: ${request.graph}`);
  }
}

function onlyFloats(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new Error("expected floats");
}

// Loading many graphs takes long where the machine has other work.
describe("an AutoencoderKL in tiles", { timeout: 120_000 }, () => {
  const [width, height] = [56, 24];
  const tile = { width: 320, height: 192 };
  const seam = (width / 2) * 8;
  const whole = { width: width * 8, height: height * 8 };

  // Measured: 52.9, 50.9 and 47.3 dB, and 0.013, 0.021 and 0.039 of ranges of 4.3, 7.5 and 8.8.
  it.each([
    ["sdxl", 0],
    ["sd15", 0.5],
    ["bare", 0],
  ] as const)(
    "%s, noise of %d: decodes as if each had seen the whole, whose statistics it is told",
    async (name, noisy) => {
      const { model, statistics } = await openKl(name);
      const latents = withNoise(scene(4, width, height), noisy);
      const exact = await decode(model, latents, whole);
      const told = await decode(model, latents, { ...tile, statistics });
      expect(psnr(told, exact)).toBeGreaterThan(45);
      expect(worstStep(told, exact, seam, 80)).toBeLessThan(0.05);
    },
  );

  // Measured: 41.1 instead of 20.0 dB, a step of 0.07 instead of 0.75. Of noise alone, which is the same everywhere: 38.4, where a tile by itself has 44.2.
  it.each([
    [0.4, 0.5, 40, 21],
    [0, 1, 37, 46],
  ])("sd15, %d of the scene and noise of %d, in nine tiles: less well", async (share, noisy, least, aloneAtMost) => {
    const { model, statistics } = await openKl("sd15");
    const { data, ...area } = scene(4, 128, 128);
    const latents = withNoise({ ...area, data: data.map((value) => share * value) }, noisy);
    const size = { width: 1024, height: 1024 };
    const exact = await decode(model, latents, size);
    expect(psnr(await decode(model, latents, vaeTile(size, statistics)), exact)).toBeGreaterThan(least);
    expect(psnr(await decode(model, latents, vaeTile(size)), exact)).toBeLessThan(aloneAtMost);
  });

  it("encodes so too", async () => {
    const { model, statistics } = await openKl("sdxl");
    const image = scene(3, whole.width, whole.height);
    const exact = await encode(model, image, whole);
    // Measured: 64.3 instead of 43.3 dB.
    expect(psnr(await encode(model, image, { ...tile, statistics }), exact)).toBeGreaterThan(60);
    expect(psnr(await encode(model, image, tile), exact)).toBeLessThan(45);
  });

  it("differs where it is told nothing, because its norms see a tile only", async () => {
    const { model } = await openKl("sdxl");
    const latents = scene(4, width, height);
    const exact = await decode(model, latents, whole);
    const alone = await decode(model, latents, tile);
    // Measured: 26.7 dB, and a step of 0.09.
    expect(psnr(alone, exact)).toBeLessThan(27);
    expect(worstStep(alone, exact, seam, 80)).toBeGreaterThan(0.05);
  });

  it("decodes exactly where the statistics are those of the whole, and only then", async () => {
    const { model, statistics } = await openKl("sdxl");
    const latents = scene(4, width, height);
    /** Gives the tiles the whole picture's own statistics, times a factor, in the place of the reduced one's. */
    const decodeBy = async (factor: number) => {
      let hidden: NamedTensors = {};
      const told: Pick<Model, "run"> = {
        async run(request, inputs) {
          const outputs = await model.run(request, inputs);
          if (request.graph === "vae_decoder_start") hidden = outputs;
          if (inputs.use_statistics?.data[0] !== 0) return outputs;
          const seen = await model.run({ graph: "vae_decoder_tile", ...whole }, { ...inputs, ...hidden });
          const { data, dims } = floatOutput(seen, "used_statistics", [1, ...statistics.decoder, 2]);
          return { ...outputs, used_statistics: { data: data.map((value) => factor * value), dims } };
        },
      };
      return tensor(await decode(told, latents, { ...tile, statistics }));
    };
    const exact = tensor(await decode(model, latents, whole));
    expectClose(await decodeBy(1), exact, 1e-4);
    expect(worstElement(await decodeBy(1.1), exact).error).toBeGreaterThan(0.01);
  });
});
