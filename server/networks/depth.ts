import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { size, type Value } from "../onnx/graph.ts";
import { convTranspose2d, resizeBilinear } from "../onnx/nn.ts";
import { add, relu, reshape, slice, transpose } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { type Dinov2Config, dinov2Features, dinov2Schema, patchesAcross } from "./dinov2.ts";
import { conv, conv3x3 } from "./layers.ts";
import { count, only, parseNetworkConfig } from "./networkConfig.ts";

/** transformers' DepthAnythingForDepthEstimation, relative depth. */
export interface DepthConfig {
  readonly backbone: Dinov2Config;
  /** The neck's resolutions, finest first: channels, and size relative to the patch grid. */
  readonly neck: readonly { readonly channels: number; readonly factor: number }[];
  readonly fusionChannels: number;
  readonly headChannels: number;
}

// transformers writes many options that have no part in inference, so unknown keys are let through.
const schema = z
  .object({
    backbone_config: dinov2Schema,
    patch_size: count.default(14),
    reassemble_hidden_size: count.default(384),
    reassemble_factors: z.array(z.union([count, z.literal(0.5)])).default([4, 2, 1, 0.5]),
    neck_hidden_sizes: z.array(count).default([48, 96, 192, 384]),
    fusion_hidden_size: count.default(64),
    head_hidden_size: count.default(32),
    head_in_index: only(-1),
    depth_estimation_type: only("relative"),
    max_depth: z.literal([1, null]).optional(),
  })
  .superRefine((c, context) => {
    const { width, patchSize, taps } = c.backbone_config;
    const expect = (path: string, holds: boolean, message: string) => {
      if (!holds) context.addIssue({ code: "custom", path: [path], message, input: c });
    };
    expect("reassemble_hidden_size", c.reassemble_hidden_size === width, `expected the backbone's width ${width}`);
    expect("patch_size", c.patch_size === patchSize, `expected the backbone's ${patchSize}`);
    expect("neck_hidden_sizes", c.neck_hidden_sizes.length === taps.length, `expected ${taps.length} entries`);
    expect("reassemble_factors", c.reassemble_factors.length === taps.length, `expected ${taps.length} entries`);
  });

/** Reads `depth/config.json`. */
export function parseDepthConfig(json: unknown, label = "depth/config.json"): DepthConfig {
  const config = parseNetworkConfig(schema, json, label, "relative Depth Anything models with a DINOv2 backbone");
  return {
    backbone: config.backbone_config,
    neck: config.neck_hidden_sizes.map((channels, i) => ({ channels, factor: config.reassemble_factors[i] ?? 1 })),
    fusionChannels: config.fusion_hidden_size,
    headChannels: config.head_hidden_size,
  };
}

/**
 * The `depth` graph: `pixel_values` [B,3,S,S] normalised → `depth` [B,S,S], relative disparity, larger is nearer.
 * @param imageSize S, px; the grid that the position embeddings were trained on
 */
export function buildDepth(s: Scope, config: DepthConfig, imageSize: number): void {
  requireTrainedSize(config.backbone, imageSize);
  const pixels = s.graph.input("pixel_values", "float32", ["B", 3, imageSize, imageSize]);
  const features = dinov2Features(s.at("backbone"), pixels, config.backbone);
  const depth = head(s.at("head"), neck(s.at("neck"), features, config), config, imageSize);
  s.graph.output("depth", reshape(depth, ["B", imageSize, imageSize]));
  s.finish();
}

/** Reassembles token sequences into pictures and fuses them from coarse to fine.   → [B, C, H, W] */
function neck(s: Scope, features: readonly Value[], config: DepthConfig): Value {
  const stages = features.map((tokens, i) => {
    const picture = reassemble(s.at("reassemble_stage", "layers", i), tokens, config, i);
    return conv3x3(s.at("convs", i), picture, config.fusionChannels, { bias: false });
  });
  return fuse(s.at("fusion_stage", "layers"), stages.toReversed());
}

/** Drops the class token, projects, and resizes by the stage's factor.   tokens: [B, N+1, C] → [B, Cₛ, H, W] */
function reassemble(s: Scope, tokens: Value, config: DepthConfig, stage: number): Value {
  const { channels = 0, factor = 1 } = config.neck[stage] ?? {};
  const across = patchesAcross(config.backbone);
  const patches = transpose(slice(tokens, 1, 1, size(tokens, 1)), [0, 2, 1]);
  const picture = reshape(patches, [tokens.shape[0] ?? 1, size(tokens, -1), across, across]);
  const projected = conv(s.at("projection"), picture, channels, 1);
  if (factor === 1) return projected;
  const resize = s.at("resize");
  if (factor < 1) return conv(resize, projected, channels, 3, { stride: 1 / factor, padding: 1 });
  const weight = resize.weight("weight", [channels, channels, factor, factor]);
  return convTranspose2d(projected, weight, resize.weight("bias", [channels]));
}

/**
 * h ← W·up(res₂(h + res₁ stage)) over the stages, coarsest first, the first without `res₁`; `up` goes to the next
 * stage's size and doubles at the end.
 */
function fuse(s: Scope, stages: readonly Value[]): Value {
  const [coarsest] = stages;
  if (!coarsest) throw new Error("a neck has at least one stage");
  let h = coarsest;
  stages.forEach((stage, i) => {
    const layer = s.at(i);
    if (i === 0) layer.ignore("residual_layer1.");
    else h = add(h, residual(layer.at("residual_layer1"), stage));
    h = residual(layer.at("residual_layer2"), h);
    const next = stages[i + 1];
    const height = next ? size(next, 2) : 2 * size(h, 2);
    const width = next ? size(next, 3) : 2 * size(h, 3);
    h = conv(layer.at("projection"), resizeBilinear(h, height, width, { alignCorners: true }), size(h, 1), 1);
  });
  return h;
}

/** x + conv₂(relu(conv₁(relu x))) */
function residual(s: Scope, x: Value): Value {
  const channels = size(x, 1);
  const h = conv3x3(s.at("convolution1"), relu(x), channels);
  return add(conv3x3(s.at("convolution2"), relu(h), channels), x);
}

/** relu(conv₃(relu(conv₂(up(conv₁ x)))))   → [B, 1, S, S] */
function head(s: Scope, x: Value, config: DepthConfig, imageSize: number): Value {
  const h = conv3x3(s.at("conv1"), x, Math.floor(config.fusionChannels / 2));
  const up = resizeBilinear(h, imageSize, imageSize, { alignCorners: true });
  return relu(conv(s.at("conv3"), relu(conv3x3(s.at("conv2"), up, config.headChannels)), 1, 1));
}

function requireTrainedSize(backbone: Dinov2Config, imageSize: number): void {
  if (backbone.imageSize === imageSize && imageSize % backbone.patchSize === 0) return;
  throw new BackdropError(
    "model_corrupt",
    `depth/config.json: backbone_config.image_size: expected ${imageSize}, the package's depth.imageSize, and a multiple of patch_size ${backbone.patchSize}, got ${backbone.imageSize}; position embeddings are not interpolated, so set depth.imageSize to the backbone's`,
  );
}
