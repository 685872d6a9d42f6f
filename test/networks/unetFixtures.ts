import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildDenoiser, type LatentSize } from "../../server/networks/denoiser.ts";
import { parseControlNetConfig, parseUNetConfig } from "../../server/networks/unetConfig.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope, type Weights } from "../../server/onnx/scope.ts";
import { pick, readFixture, type TestTensor, under } from "./support.ts";

// The small denoisers of test/fixtures/networks/unet, and what diffusers computes with them (make.py).

const fixtures = fileURLToPath(new URL("../fixtures/networks/unet/", import.meta.url));
export const latent = { height: 16, width: 8 };

export type Model = Awaited<ReturnType<typeof load>>;

export async function load(name: string) {
  const folder = `${fixtures}${name}`;
  const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(`${folder}/${path}`, "utf8"));
  const weights = (path: string) => readSafetensors(`${folder}/${path}`, path);
  return {
    folder,
    unet: parseUNetConfig(await json("unet/config.json")),
    controlNet: parseControlNetConfig(await json("controlnet/config.json")),
    unetWeights: await weights("unet/diffusion_pytorch_model.safetensors"),
    controlNetWeights: await weights("controlnet/diffusion_pytorch_model.safetensors"),
    adapterWeights: await weights("ip_adapter.safetensors"),
    cases: await readFixture(`${folder}/cases.safetensors`),
  };
}

/** Builds the model's denoiser in `graph`, which it gives back. */
export function denoiserGraph<G extends Graph>(model: Model, size: LatentSize, graph: G): G;
export function denoiserGraph(model: Model, size?: LatentSize): Graph;
export function denoiserGraph(model: Model, size: LatentSize = latent, graph = new Graph("denoiser")): Graph {
  buildDenoiser(
    new Scope(graph, model.unetWeights, "unet"),
    new Scope(graph, model.controlNetWeights, "controlnet"),
    new Scope(graph, model.adapterWeights, "ip_adapter"),
    { unet: model.unet, controlNet: model.controlNet, textTokens: 7, imageTokens: 5 },
    size,
  );
  return graph;
}

/** All inputs of the graph for one case of the fixture. */
export function inputsOf(model: Model, which: string): Map<string, TestTensor> {
  const settings = under(model.cases, `${which}.`);
  settings.delete("noise_prediction");
  const shared = under(model.cases, "input.");
  return new Map([...shared, ["control_embedding", pick(model.cases, "control_embedding")], ...settings]);
}

const tensors = z.record(z.string(), z.array(z.number()));
const withConfig = z.object({ config: z.unknown(), tensors });
const publishedSchema = z.object({ unet: withConfig, controlnet: withConfig, ip_adapter: z.object({ tensors }) });

/** Builds the denoiser of the published weights, of which only names and shapes are here, for `side`² px in `graph`, which it gives back. */
export async function publishedDenoiser(name: "sd15" | "sdxl", graph: Graph, side = 512): Promise<Graph> {
  const bytes = await readFile(`${fixtures}${name}/published.json.gz`);
  const { unet, controlnet, ip_adapter } = publishedSchema.parse(JSON.parse(gunzipSync(bytes).toString()));
  const scope = (shapes: Readonly<Record<string, number[]>>, file: string) =>
    new Scope(graph, weightsOf(shapes, file), file);
  buildDenoiser(
    scope(unet.tensors, "unet.safetensors"),
    scope(controlnet.tensors, "controlnet.safetensors"),
    scope(ip_adapter.tensors, "ip_adapter.safetensors"),
    {
      unet: parseUNetConfig(unet.config),
      controlNet: parseControlNetConfig(controlnet.config),
      textTokens: 77,
      imageTokens: 16,
    },
    { width: side / 8, height: side / 8 },
  );
  return graph;
}

function weightsOf(shapes: Readonly<Record<string, number[]>>, file: string): Weights {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const byteLength = 2 * shape.reduce((n, d) => n * d, 1);
      return [name, { file, type: "float16", shape, offset: 8, byteLength }];
    }),
  );
}
