import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { z } from "zod";
import { sessionNeed } from "../../server/engine/memoryPlan.ts";
import { buildVaeDecoder, buildVaeEncoder, parseAutoencoderConfig } from "../../server/networks/autoencoder.ts";
import { buildText, parseTextConfig } from "../../server/networks/clipText.ts";
import { parseVisionConfig } from "../../server/networks/clipVision.ts";
import { buildDepth, parseDepthConfig } from "../../server/networks/depth.ts";
import { buildVaePart } from "../../server/networks/tiledVae.ts";
import { readCompressionConfig } from "../../server/networks/tokenCompression.ts";
import { parseVaeConfig } from "../../server/networks/vae.ts";
import { buildVision } from "../../server/networks/vision.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { graphMemory } from "../../server/onnx/graphMemory.ts";
import { Scope, type Weights } from "../../server/onnx/scope.ts";
import { operatorsOf } from "../../shared/providers.ts";

// Every tensor of the published models has its place: building throws on one that is missing, mis-shaped or left over.
// Names and shapes: test/fixtures/networks/published/README.md.

const published = z.record(
  z.string(),
  z.object({ config: z.unknown(), tensors: z.record(z.string(), z.array(z.number())) }),
);
const bytes = await readFile(new URL("../fixtures/networks/published/encoders.json.gz", import.meta.url));
const models = published.parse(JSON.parse(gunzipSync(bytes).toString("utf8")));

function model(name: string): { readonly config: unknown; readonly weights: Weights } {
  const found = models[name];
  if (!found) throw new Error(`no ${name}`);
  const weights: Weights = new Map(
    Object.entries(found.tensors).map(([key, shape]) => {
      const byteLength = 2 * shape.reduce((n, d) => n * d, 1);
      return [key, { file: `${name}.safetensors`, type: "float16", shape, offset: 8, byteLength }];
    }),
  );
  return { config: found.config, weights };
}

function outputShapes(graph: Graph): Record<string, string> {
  const outputs = graph.operations.filter((node) => node.op === "Identity").flatMap((node) => node.outputs);
  return Object.fromEntries(outputs.map((x) => [x.name, x.shape.join(",")]));
}

it.each(["vae_sd15", "vae_sdxl", "taesd"])("builds %s", (name) => {
  const { config, weights } = model(name);
  const size = { width: 768, height: 512 };
  const encoder = new Graph("vae_encoder");
  buildVaeEncoder(new Scope(encoder, weights, "vae"), parseAutoencoderConfig(config), size);
  expect(outputShapes(encoder)).toEqual({ latents: "B,4,64,96" });
  const decoder = new Graph("vae_decoder");
  buildVaeDecoder(new Scope(decoder, weights, "vae"), parseAutoencoderConfig(config), size);
  expect(outputShapes(decoder)).toEqual({ image: "B,3,512,768" });
});

it.each(["vae_sd15", "vae_sdxl"])(
  "builds %s in parts, none of which takes more than a tile of the whole does",
  (name) => {
    const { config, weights } = model(name);
    const parsed = parseVaeConfig(config);
    const [picture, tile] = [
      { width: 1024, height: 1024 },
      { width: 512, height: 512 },
    ];
    const parts = [
      ["vae_encoder_tile", tile, { hidden_states: "B,256,128,128", used_statistics: "B,8,32,2" }],
      ["vae_encoder_end", picture, { latents: "B,4,128,128" }],
      ["vae_decoder_start", picture, { hidden_states: "B,512,256,256" }],
      ["vae_decoder_tile", tile, { image: "B,3,512,512", used_statistics: "B,13,32,2" }],
    ] as const;
    for (const provider of ["cpu", "cuda", "webgpu"] as const) {
      const target = { provider, precision: "fp32", operators: operatorsOf[provider][0] } as const;
      const whole = new Graph("vae_decoder", target);
      buildVaeDecoder(new Scope(whole, weights, "vae"), parsed, tile);
      const most = sessionNeed(graphMemory(whole, 1)).heldBytes;
      for (const [part, size, shapes] of parts) {
        const graph = new Graph(part, target);
        buildVaePart(part, new Scope(graph, weights, "vae"), parsed, size);
        expect(outputShapes(graph)).toMatchObject(shapes);
        expect(sessionNeed(graphMemory(graph, 1)).heldBytes, `${part} on ${provider}`).toBeLessThan(most);
      }
    }
  },
);

it("builds the text encoders of Stable Diffusion 1.5 and SDXL", () => {
  const encoder = (graph: Graph, name: string) => {
    const { config, weights } = model(name);
    return { scope: new Scope(graph, weights, name), config: parseTextConfig(config) };
  };
  const sd = new Graph("text");
  buildText(encoder(sd, "clip_l"), undefined, "last_normed");
  expect(outputShapes(sd)).toEqual({ hidden_states: "B,77,768" });
  const sdxl = new Graph("text");
  buildText(encoder(sdxl, "clip_l"), encoder(sdxl, "big_g"), "penultimate");
  expect(outputShapes(sdxl)).toEqual({ hidden_states: "B,77,2048", pooled: "B,1280" });
});

it.each([
  ["ip_adapter_sd15", 768],
  ["ip_adapter_sdxl", 2048],
])("builds ViT-H with %s", (name, width) => {
  const graph = new Graph("vision");
  const encoder = model("vit_h");
  const adapter = model(name);
  buildVision(new Scope(graph, encoder.weights, "image_encoder"), new Scope(graph, adapter.weights, "ip_adapter"), {
    encoder: parseVisionConfig(encoder.config),
    compression: readCompressionConfig(adapter.weights, "resampler"),
    hiddenState: "penultimate",
    droppedPatches: "zero",
  });
  expect(outputShapes(graph)).toEqual({ image_tokens: `B,16,${width}` });
});

it("builds Depth Anything V2 Small", () => {
  const graph = new Graph("depth");
  const { config, weights } = model("depth_small");
  buildDepth(new Scope(graph, weights, "depth"), parseDepthConfig(config), 518);
  expect(outputShapes(graph)).toEqual({ depth: "B,518,518" });
});
