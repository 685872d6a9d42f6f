import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { z } from "zod";
import { buildControlEmbedding, buildDenoiser } from "../../server/networks/denoiser.ts";
import { parseControlNetConfig, parseUNetConfig } from "../../server/networks/unetConfig.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope, type Weights } from "../../server/onnx/scope.ts";

// Names and shapes come from diffusers: test/fixtures/networks/unet/make_keys.py.

const tensors = z.record(z.string(), z.array(z.number()));
const withConfig = z.object({ config: z.unknown(), tensors });
const published = z.object({ unet: withConfig, controlnet: withConfig, ip_adapter: z.object({ tensors }) });

async function load(name: string) {
  const bytes = await readFile(new URL(`../fixtures/networks/unet/${name}/published.json.gz`, import.meta.url));
  return published.parse(JSON.parse(gunzipSync(bytes).toString("utf8")));
}

function half(shapes: Readonly<Record<string, number[]>>, file: string): Weights {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const byteLength = 2 * shape.reduce((n, d) => n * d, 1);
      return [name, { file, type: "float16", shape, offset: 8, byteLength }];
    }),
  );
}

it.each([
  ["sd15", { width: 64, height: 64, textTokens: 77, imageTokens: 16 }],
  ["sdxl", { width: 128, height: 96, textTokens: 77, imageTokens: 16 }],
])("every tensor of %s has its place in the denoiser", async (name, { width, height, ...tokens }) => {
  const model = await load(name);
  const unet = parseUNetConfig(model.unet.config);
  const controlNet = parseControlNetConfig(model.controlnet.config);
  const controlWeights = half(model.controlnet.tensors, "controlnet.safetensors");

  const graph = new Graph("denoiser");
  buildDenoiser(
    new Scope(graph, half(model.unet.tensors, "unet.safetensors"), "unet"),
    new Scope(graph, controlWeights, "controlnet"),
    new Scope(graph, half(model.ip_adapter.tensors, "ip_adapter.safetensors"), "ip_adapter"),
    { unet, controlNet, ...tokens },
    { width, height },
  );
  // Addresses only: gigabytes of weights, megabytes of graph.
  expect(graph.encode().byteLength).toBeLessThan(4e6);

  const control = new Graph("control");
  buildControlEmbedding(new Scope(control, controlWeights, "controlnet"), controlNet, {
    width: 8 * width,
    height: 8 * height,
  });
});
