import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildVaeDecoder, buildVaeEncoder, parseAutoencoderConfig } from "../../server/networks/autoencoder.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope } from "../../server/onnx/scope.ts";
import { expectClose, floats, noise, pick, readFixture, runGraph, type TestTensor, worstElement } from "./support.ts";

const fixtures = fileURLToPath(new URL("../fixtures/networks/vae/", import.meta.url));
const file = "diffusion_pytorch_model.safetensors";
const size = { width: 48, height: 32 };
const tolerance = 2e-4;

async function load(name: string) {
  const folder = `${fixtures}${name}`;
  const json: Record<string, unknown> = JSON.parse(await readFile(`${folder}/config.json`, "utf8"));
  const weights = await readSafetensors(`${folder}/${file}`, file);
  return { folder, json, weights, cases: await readFixture(`${folder}/cases.safetensors`) };
}

type Model = Awaited<ReturnType<typeof load>>;

async function run(
  model: Model,
  build: typeof buildVaeEncoder,
  inputs: Record<string, TestTensor>,
  output: string,
): Promise<TestTensor> {
  const graph = new Graph("vae");
  build(new Scope(graph, model.weights, "vae"), parseAutoencoderConfig(model.json), size);
  return pick(await runGraph(graph, model.folder, inputs), output);
}

const encode = (model: Model, image: TestTensor) => run(model, buildVaeEncoder, { image }, "latents");
const decode = (model: Model, latents: TestTensor) => run(model, buildVaeDecoder, { latents }, "image");

// sdxl: fp16 weights; sd15: former attention names; bare: no quant convolutions or attention, a shift; tiny: TAESD.
describe.each(["sdxl", "sd15", "bare", "tiny"])("autoencoder %s", (name) => {
  it("encodes what diffusers encodes", async () => {
    const model = await load(name);
    const latents = await encode(model, pick(model.cases, "encode.image"));
    expectClose(latents, model.cases.get("encode.latents"), tolerance);
  });

  it("decodes what diffusers decodes", async () => {
    const model = await load(name);
    const image = await decode(model, pick(model.cases, "decode.latents"));
    expectClose(image, model.cases.get("decode.image"), tolerance);
  });

  it("takes a batch of any size, and the input matters", async () => {
    const model = await load(name);
    const image = await decode(model, noise([1, 4, 4, 6], 1));
    expect(image.shape).toEqual([1, 3, 32, 48]);
    const black = floats([1, 4, 4, 6], new Float32Array(96));
    expect(worstElement(image, await decode(model, black)).error).toBeGreaterThan(0.1);
  });
});

describe("autoencoder config", () => {
  it.each([
    ["sdxl", { latents_mean: [0, 0, 0, 0] }, "latents_mean"],
    ["sdxl", { latent_channels: 16 }, "latent_channels"],
    ["sdxl", { block_out_channels: [8, 12, 14, 16] }, "block_out_channels: expected multiples of norm_num_groups"],
    ["sdxl", { act_fn: "relu" }, "act_fn"],
    ["sdxl", { temporal_compression: 4 }, "temporal_compression"],
    ["sdxl", { _class_name: "AutoencoderKLWan" }, "_class_name"],
    ["tiny", { encoder_block_out_channels: [8, 12, 12, 12] }, "encoder_block_out_channels"],
    ["tiny", { upsample_fn: "bilinear" }, "upsample_fn"],
  ])("of %s with %o is refused", async (name, change, message) => {
    const { json } = await load(name);
    expect(() => parseAutoencoderConfig({ ...json, ...change })).toThrow(message);
  });

  it("that leaves out a part of the checkpoint is refused", async () => {
    const model = await load("sdxl");
    const changed = { ...model, json: { ...model.json, use_quant_conv: false } };
    const image = pick(model.cases, "encode.image");
    await expect(encode(changed, image)).rejects.toThrow(/vae\/quant_conv\.\w+.*not part of the configured network/);
  });
});
