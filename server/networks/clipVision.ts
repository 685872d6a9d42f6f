import { z } from "zod";
import { size, type Value } from "../onnx/graph.ts";
import { conv2d } from "../onnx/nn.ts";
import { add, concat, expandBatch, mul, reshape, transpose } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { visibilityBias } from "./attentionBias.ts";
import { type ClipLayersConfig, clipLayers, clipLayersShape, parseClipLayers } from "./clipLayers.ts";
import { layerNorm } from "./layers.ts";
import { count, only, parseNetworkConfig } from "./networkConfig.ts";

/** transformers' CLIPVisionModel or CLIPVisionModelWithProjection. */
export interface VisionConfig extends ClipLayersConfig {
  /** Side of the square picture, px. */
  readonly imageSize: number;
  /** Side of a patch, px; R1. */
  readonly patchSize: number;
}

/** Which hidden states are used: after the last layer, without `post_layernorm`, or before the last layer. */
export type VisionHiddenState = "last" | "penultimate";

/** What becomes of dropped patches, R4: zeros stay in the sequence, or they take no part in attention either. */
export type DroppedPatches = "zero" | "exclude";

/** A reference picture as seen through its patch mask. */
export interface VisionTokens {
  /** [B, N+1, Cv], class token first */
  readonly hidden: Value;
  /** [B, N+1], 1 where a token may be attended to; undefined where all may */
  readonly visible: Value | undefined;
}

const imageChannels = 3;

// transformers writes many options that have no part in inference, so unknown keys are let through.
const schema = z.object({
  ...clipLayersShape,
  image_size: count,
  patch_size: count,
  num_channels: only(imageChannels),
});

/** Reads `image_encoder/config.json`. */
export function parseVisionConfig(json: unknown, label = "image_encoder/config.json"): VisionConfig {
  const config = parseNetworkConfig(schema, json, label, "CLIP vision encoders");
  return { ...parseClipLayers(config, label), imageSize: config.image_size, patchSize: config.patch_size };
}

/** Number of patches N. */
export function patchCount(config: VisionConfig): number {
  return Math.floor(config.imageSize / config.patchSize) ** 2;
}

/**
 * CLIP's vision transformer with patch flexible visibility (paper 3.2).
 * pixels: [B, 3, S, S] normalised, patchMask: [B, N] with 1 for kept and 0 for dropped patches, rows first
 */
export function visionTokens(
  scope: Scope,
  pixels: Value,
  patchMask: Value,
  config: VisionConfig,
  { hiddenState, droppedPatches }: { readonly hiddenState: VisionHiddenState; readonly droppedPatches: DroppedPatches },
): VisionTokens {
  const s = visionModel(scope);
  s.ignore("post_layernorm.");
  scope.ignore("visual_projection.");
  const x = layerNorm(s.at("pre_layrnorm"), embeddings(s.at("embeddings"), pixels, patchMask, config), config.eps);
  const visible = droppedPatches === "exclude" ? withClassToken(patchMask) : undefined;
  const bias = visible && visibilityBias(visible, size(x, 1));
  const layers = hiddenState === "last" ? config.layers : config.layers - 1;
  return { hidden: clipLayers(s.at("encoder"), x, config, layers, bias).at(-1) ?? x, visible };
}

/** [class; z_ref] + positions.   [B, N+1, Cv] */
function embeddings(s: Scope, pixels: Value, patchMask: Value, config: VisionConfig): Value {
  const tokens = patchCount(config) + 1;
  s.ignore("position_ids");
  const classToken = reshape(s.weight("class_embedding", [config.width]), [1, 1, config.width]);
  const patches = visiblePatches(s.at("patch_embedding"), pixels, patchMask, config);
  const positions = s.weight("position_embedding.weight", [tokens, config.width]);
  return add(concat([expandBatch(classToken, patchMask), patches], 1), positions);
}

/**
 * Eq. 1 and 2: z_ref = Projection(I·D_p)·D_z. The projection has no bias, so it takes a blank patch to zero: masking its
 * result does what masking the pixels as well would do.   [B, N, Cv]
 */
function visiblePatches(s: Scope, pixels: Value, patchMask: Value, config: VisionConfig): Value {
  const { patchSize, width } = config;
  const weight = s.weight("weight", [width, imageChannels, patchSize, patchSize]);
  const projected = conv2d(pixels, weight, undefined, { stride: patchSize });
  const patches = patchCount(config);
  const sequence = transpose(reshape(projected, [pixels.shape[0] ?? 1, width, patches]), [0, 2, 1]);
  return mul(sequence, reshape(patchMask, [patchMask.shape[0] ?? 1, patches, 1]));
}

/** The class token is always kept (R4).   [B, N] → [B, N+1] */
function withClassToken(patchMask: Value): Value {
  const one = patchMask.graph.constant(Float32Array.of(1), [1, 1]);
  return concat([expandBatch(one, patchMask), patchMask], 1);
}

/** transformers 5 writes CLIPVisionModel without the prefix that all other versions and models have. */
function visionModel(scope: Scope): Scope {
  return scope.has("pre_layrnorm.weight") ? scope : scope.at("vision_model");
}
