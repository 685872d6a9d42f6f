import type { Scope } from "../onnx/scope.ts";
import {
  type DroppedPatches,
  patchCount,
  type VisionConfig,
  type VisionHiddenState,
  visionTokens,
} from "./clipVision.ts";
import { type CompressionConfig, compressTokens } from "./tokenCompression.ts";

export interface VisionGraphConfig {
  readonly encoder: VisionConfig;
  readonly compression: CompressionConfig;
  readonly hiddenState: VisionHiddenState;
  readonly droppedPatches: DroppedPatches;
}

/**
 * The `vision` graph: `pixel_values` [B,3,S,S] normalised and `patch_mask` [B,N] → `image_tokens` [B,c,D].
 * @param encoder the whole image encoder; @param adapter the whole adapter, of which `image_proj.` is used here
 */
export function buildVision(encoder: Scope, adapter: Scope, config: VisionGraphConfig): void {
  const { graph } = encoder;
  const { imageSize } = config.encoder;
  const pixels = graph.input("pixel_values", "float32", ["B", 3, imageSize, imageSize]);
  const patchMask = graph.input("patch_mask", "float32", ["B", patchCount(config.encoder)]);
  const projection = adapter.at("image_proj");
  const vision = visionTokens(encoder, pixels, patchMask, config.encoder, config);
  graph.output("image_tokens", compressTokens(projection, vision, config.compression));
  encoder.finish();
  projection.finish();
}
