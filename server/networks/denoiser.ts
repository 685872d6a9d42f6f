import { BackdropError } from "../../shared/errors.ts";
import { fromNchw, toNchw } from "../onnx/layout.ts";
import { cast } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { adapterWeights } from "./adapterOrder.ts";
import { conditioningEmbedding, controlNet, whereScaled } from "./controlNet.ts";
import { maskPyramid, regions } from "./maskEncoderAttention.ts";
import { unet } from "./unet.ts";
import type { ControlNetConfig, UNetConfig } from "./unetConfig.ts";

export interface DenoiserConfig {
  readonly unet: UNetConfig;
  readonly controlNet: ControlNetConfig;
  /** Length L of the text hidden states. */
  readonly textTokens: number;
  /** Number c of compressed image tokens. */
  readonly imageTokens: number;
}

/** Height and width in latent elements. */
export interface LatentSize {
  readonly width: number;
  readonly height: number;
}

/**
 * One step's noise prediction: ControlNet and UNet with the mask encoder prompt adapter in one graph, because the
 * residuals between them are larger than everything else that would cross the boundary.
 * The three scopes share one graph.
 */
export function buildDenoiser(
  unetScope: Scope,
  controlNetScope: Scope,
  adapter: Scope,
  config: DenoiserConfig,
  { width, height }: LatentSize,
): void {
  requireFit(config, { width, height });
  const { graph } = unetScope;
  const { inChannels, crossAttentionWidth, down, addition } = config.unet;
  const float32 = (name: string, shape: readonly (number | "B")[]) => graph.input(name, "float32", shape);
  const float = (name: string, shape: readonly (number | "B")[]) => cast(float32(name, shape), graph.float);
  const picture = (name: string, shape: readonly (number | "B")[]) => fromNchw(float(name, shape));

  const sample = picture("sample", ["B", inChannels, height, width]);
  const timestep = float32("timestep", [1]);
  const text = float("encoder_hidden_states", ["B", config.textTokens, crossAttentionWidth]);
  const tokens = float("image_tokens", ["B", config.imageTokens, crossAttentionWidth]);
  const queryMask = picture("query_mask", [1, 1, height, width]);
  const fusion = { gates: float("fusion", [3]), imageScale: float("image_scale", [1]) };
  const controlEmbedding = picture("control_embedding", [1, down[0]?.channels ?? 0, height, width]);
  const controlScale = float("control_scale", [1]);
  const added = addition && {
    textEmbeds: float("text_embeds", ["B", addition.pooledWidth]),
    timeIds: float32("time_ids", ["B", 6]),
  };

  const inputs = { sample, timestep, added };
  const textOnly = down.map(() => ({ text }));
  const control = whereScaled(controlScale, () =>
    controlNet(controlNetScope, inputs, controlEmbedding, controlScale, config.controlNet, textOnly),
  );

  const weightsOf = adapterWeights(adapter.at("ip_adapter"), config.unet);
  const prompts = maskPyramid(queryMask, down.length).map((mask) => ({
    text,
    image: { tokens, regions: regions(mask, fusion), weightsOf },
  }));
  const prediction = unet(unetScope, inputs, config.unet, prompts, control);
  graph.output("noise_prediction", cast(toNchw(prediction), "float32"));

  unetScope.finish();
  controlNetScope.ignore("controlnet_cond_embedding.");
  controlNetScope.finish();
  adapter.at("ip_adapter").finish();
}

/** The step-independent embedding of the control picture.   width, height: of the picture, in px */
export function buildControlEmbedding(
  controlNetScope: Scope,
  config: ControlNetConfig,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const { graph } = controlNetScope;
  const s = controlNetScope.at("controlnet_cond_embedding");
  const picture = graph.input("control_image", "float32", ["B", config.conditioningChannels, height, width]);
  graph.output("control_embedding", conditioningEmbedding(s, picture, config));
  s.finish();
}

function requireFit({ unet, controlNet }: DenoiserConfig, { width, height }: LatentSize): void {
  const shape = (config: UNetConfig | ControlNetConfig) =>
    JSON.stringify([
      config.inChannels,
      config.crossAttentionWidth,
      config.down.map(({ channels, layers }) => [channels, layers]),
      config.addition,
    ]);
  if (shape(unet) !== shape(controlNet)) {
    throw new BackdropError(
      "model_corrupt",
      `controlnet/config.json: expected the sizes of the UNet ${shape(unet)}, got ${shape(controlNet)}; ` +
        "install a ControlNet made for this model",
    );
  }
  const step = 2 ** (unet.down.length - 1);
  if (width % step !== 0 || height % step !== 0) {
    throw new BackdropError(
      "model_corrupt",
      `latent size ${width}×${height}: expected multiples of ${step}; backdrop.json's sideMultiple must be one of ${8 * step}`,
    );
  }
}
