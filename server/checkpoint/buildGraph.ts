import { BackdropError } from "../../shared/errors.ts";
import { latentStride } from "../../shared/latents.ts";
import { referenceTarget, type Target } from "../../shared/providers.ts";
import { buildVaeDecoder, buildVaeEncoder, type PictureSize, parseAutoencoderConfig } from "../networks/autoencoder.ts";
import { buildText, parseTextConfig } from "../networks/clipText.ts";
import { parseVisionConfig } from "../networks/clipVision.ts";
import { buildControlEmbedding, buildDenoiser } from "../networks/denoiser.ts";
import { buildDepth, parseDepthConfig } from "../networks/depth.ts";
import { buildVaePart, type TileStatistics, tileStatistics } from "../networks/tiledVae.ts";
import { parseTinyAutoencoderConfig } from "../networks/tinyAutoencoder.ts";
import { readCompressionConfig } from "../networks/tokenCompression.ts";
import { parseControlNetConfig, parseUNetConfig } from "../networks/unetConfig.ts";
import { parseVaeConfig } from "../networks/vae.ts";
import { buildVision } from "../networks/vision.ts";
import { Graph } from "../onnx/graph.ts";
import { fastestLayout } from "../onnx/layout.ts";
import { Scope } from "../onnx/scope.ts";
import type { Layout } from "../onnx/shape.ts";
import type { Checkpoint, PackageParts, Part } from "./checkpoint.ts";
import { type FixedGraph, type GraphRequest, graphTarget, type SizedGraph } from "./graphRequest.ts";

/** Builds one graph of a package from its configs and weight headers. */
export async function buildGraph(
  checkpoint: Checkpoint,
  request: GraphRequest,
  target: Target = referenceTarget,
): Promise<Graph> {
  const graph = emptyGraph(request, target);
  const scope = async (part: Part) => {
    const updates = part === "unet" ? await checkpoint.unetUpdates() : undefined;
    return new Scope(graph, await checkpoint.weights(part), part, updates);
  };
  if ("width" in request) await buildSized(checkpoint, request.graph, request, scope);
  else await buildFixed(checkpoint, request.graph, scope);
  return graph;
}

/** Builds the `depth` graph of a package that may have nothing else. */
export async function buildDepthGraph(parts: PackageParts, imageSize: number, target: Target): Promise<Graph> {
  const graph = emptyGraph({ graph: "depth" }, target);
  await depth(parts, imageSize, async (part) => new Scope(graph, await parts.weights(part), part));
  return graph;
}

/** What the tiles of the package's autoencoder have to be told; undefined where they are as good as exact by themselves. */
export async function packageTileStatistics(parts: PackageParts): Promise<TileStatistics | undefined> {
  const config = parseAutoencoderConfig(await parts.config("vae"));
  return config.type === "AutoencoderKL" ? tileStatistics(config) : undefined;
}

/** As with precision, what runs once a job has nothing to gain from a layout of its own, or from more memory. */
function emptyGraph(request: GraphRequest, target: Target): Graph {
  return new Graph(request.graph, graphTarget(request, target), graphLayout(request, target), isRepeated(request));
}

/** Of the pictures inside. */
export function graphLayout(request: GraphRequest, target: Target): Layout {
  return isRepeated(request) ? fastestLayout(target) : "NCHW";
}

function isRepeated({ graph }: GraphRequest): boolean {
  return graph === "denoiser";
}

type OpenScope = (part: Part) => Promise<Scope>;

async function buildSized(
  checkpoint: Checkpoint,
  graph: SizedGraph,
  size: PictureSize,
  scope: OpenScope,
): Promise<void> {
  switch (graph) {
    case "vae_encoder":
      return buildVaeEncoder(await scope("vae"), parseAutoencoderConfig(await checkpoint.config("vae")), size);
    case "vae_decoder":
      return buildVaeDecoder(await scope("vae"), parseAutoencoderConfig(await checkpoint.config("vae")), size);
    case "vae_encoder_tile":
    case "vae_encoder_end":
    case "vae_decoder_start":
    case "vae_decoder_tile":
      return buildVaePart(graph, await scope("vae"), parseVaeConfig(await checkpoint.config("vae")), size);
    case "preview_decoder": {
      const label = "preview_decoder/config.json";
      const config = parseTinyAutoencoderConfig(await checkpoint.config("preview_decoder"), label);
      return buildVaeDecoder(await scope("preview_decoder"), config, size);
    }
    case "control": {
      const config = parseControlNetConfig(await checkpoint.config("controlnet"));
      requireChannels(checkpoint.modelPackage.depth.conditioning, config.conditioningChannels);
      return buildControlEmbedding(await scope("controlnet"), config, size);
    }
    case "denoiser":
      return await denoiser(checkpoint, size, scope);
  }
}

async function denoiser(checkpoint: Checkpoint, { width, height }: PictureSize, scope: OpenScope): Promise<void> {
  const compression = readCompressionConfig(
    await checkpoint.weights("ip_adapter"),
    checkpoint.modelPackage.tokenCompression,
  );
  const config = {
    unet: parseUNetConfig(await checkpoint.config("unet")),
    controlNet: parseControlNetConfig(await checkpoint.config("controlnet")),
    textTokens: checkpoint.modelPackage.text.maxTokens,
    imageTokens: compression.tokens,
  };
  requireEqual("ip_adapter.safetensors, image token width", compression.width, config.unet.crossAttentionWidth);
  buildDenoiser(await scope("unet"), await scope("controlnet"), await scope("ip_adapter"), config, {
    width: width / latentStride,
    height: height / latentStride,
  });
}

async function buildFixed(checkpoint: Checkpoint, graph: FixedGraph, scope: OpenScope): Promise<void> {
  const { modelPackage } = checkpoint;
  switch (graph) {
    case "text": {
      const encoder = async (part: "text_encoder" | "text_encoder_2") => ({
        scope: await scope(part),
        config: parseTextConfig(await checkpoint.config(part), `${part}/config.json`),
      });
      const first = await encoder("text_encoder");
      const unet = parseUNetConfig(await checkpoint.config("unet"));
      requireEqual("backdrop.json, text.maxTokens", modelPackage.text.maxTokens, first.config.maxTokens);
      const second = modelPackage.architecture === "sdxl" ? await encoder("text_encoder_2") : undefined;
      const width = first.config.width + (second?.config.width ?? 0);
      requireEqual("text encoders, hidden_size in all", width, unet.crossAttentionWidth);
      return buildText(first, second, modelPackage.text.hiddenState);
    }
    case "vision": {
      const encoder = parseVisionConfig(await checkpoint.config("image_encoder"));
      requireEqual("backdrop.json, vision.imageSize", modelPackage.vision.imageSize, encoder.imageSize);
      requireEqual("backdrop.json, vision.patchSize", modelPackage.vision.patchSize, encoder.patchSize);
      return buildVision(await scope("image_encoder"), await scope("ip_adapter"), {
        encoder,
        compression: readCompressionConfig(await checkpoint.weights("ip_adapter"), modelPackage.tokenCompression),
        hiddenState: modelPackage.vision.hiddenState,
        droppedPatches: modelPackage.vision.droppedPatches,
      });
    }
    case "depth":
      return await depth(checkpoint, modelPackage.depth.imageSize, scope);
  }
}

async function depth(parts: PackageParts, imageSize: number, scope: OpenScope): Promise<void> {
  buildDepth(await scope("depth"), parseDepthConfig(await parts.config("depth")), imageSize);
}

/** R8: `stacked` depths have a channel each, a `composite` is a grey picture of three. */
function requireChannels(conditioning: "stacked" | "composite", configured: number): void {
  const expected = { stacked: 2, composite: 3 }[conditioning];
  if (configured === expected) return;
  throw new BackdropError(
    "model_corrupt",
    `controlnet/config.json: conditioning_channels: expected ${expected} for ${conditioning} depth, got ${configured}; ` +
      "install the model again or correct depth.conditioning in backdrop.json",
  );
}

/** The parts of a package repeat each other's sizes; they must agree. */
function requireEqual(field: string, stated: number, configured: number): void {
  if (stated === configured) return;
  throw new BackdropError(
    "model_corrupt",
    `${field}: expected ${configured}, as its network's config.json says, got ${stated}; install the model again`,
  );
}
