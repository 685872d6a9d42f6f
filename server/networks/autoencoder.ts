import { z } from "zod";
import { latentStride } from "../../shared/latents.ts";
import type { Scope } from "../onnx/scope.ts";
import { parseNetworkConfig } from "./networkConfig.ts";
import {
  decodeLatentsTiny,
  encodeImageTiny,
  parseTinyAutoencoderConfig,
  type TinyAutoencoderConfig,
} from "./tinyAutoencoder.ts";
import { decodeLatents, encodeImage, parseVaeConfig, type VaeConfig } from "./vae.ts";

export type AutoencoderConfig = VaeConfig | TinyAutoencoderConfig;

/** Picture pixels; multiples of 8. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

const classSchema = z.object({ _class_name: z.enum(["AutoencoderKL", "AutoencoderTiny"]) });

/** Reads `vae/config.json` of either kind of autoencoder. */
export function parseAutoencoderConfig(json: unknown, label = "vae/config.json"): AutoencoderConfig {
  const { _class_name } = parseNetworkConfig(classSchema, json, label, "AutoencoderKL and AutoencoderTiny");
  return _class_name === "AutoencoderKL" ? parseVaeConfig(json, label) : parseTinyAutoencoderConfig(json, label);
}

/** The `vae_encoder` graph: `image` [B,3,H,W] in [−1,1] → `latents` [B,4,H/8,W/8], scaled. */
export function buildVaeEncoder(s: Scope, config: AutoencoderConfig, { width, height }: PictureSize): void {
  const image = s.graph.input("image", "float32", ["B", 3, height, width]);
  const latents = config.type === "AutoencoderKL" ? encodeImage(s, image, config) : encodeImageTiny(s, image, config);
  s.graph.output("latents", latents);
  s.ignore("decoder.", "post_quant_conv.");
  s.finish();
}

/** The `vae_decoder` graph, and the `preview_decoder`: `latents` [B,4,H/8,W/8], scaled → `image` [B,3,H,W] in [−1,1], unclamped. */
export function buildVaeDecoder(s: Scope, config: AutoencoderConfig, { width, height }: PictureSize): void {
  const latents = s.graph.input("latents", "float32", ["B", 4, height / latentStride, width / latentStride]);
  const image =
    config.type === "AutoencoderKL" ? decodeLatents(s, latents, config) : decodeLatentsTiny(s, latents, config);
  s.graph.output("image", image);
  s.ignore("encoder.", "quant_conv.");
  s.finish();
}
