import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { Value } from "../onnx/graph.ts";
import { add, argMax, cast, concat, gatherRows, gatherToken, mul, sub } from "../onnx/ops.ts";
import type { Scope } from "../onnx/scope.ts";
import { causalBias } from "./attentionBias.ts";
import { type ClipLayersConfig, clipLayers, clipLayersShape, parseClipLayers } from "./clipLayers.ts";
import { layerNorm, linear } from "./layers.ts";
import { count, parseNetworkConfig } from "./networkConfig.ts";

/** transformers' CLIPTextModel or CLIPTextModelWithProjection. */
export interface TextConfig extends ClipLayersConfig {
  readonly vocabularySize: number;
  readonly maxTokens: number;
  readonly eosTokenId: number;
  /** Width of the pooled embedding, where the model has a projection. */
  readonly projectionWidth: number | undefined;
}

/** Which hidden states the UNet was trained with: after the last layer and its norm, or before the last layer. */
export type TextHiddenState = "last_normed" | "penultimate";

export interface TextEncoder {
  readonly scope: Scope;
  readonly config: TextConfig;
}

// transformers writes many options that have no part in inference, so unknown keys are let through.
const schema = z.object({
  ...clipLayersShape,
  architectures: z.array(z.string()).nullish(),
  vocab_size: count,
  max_position_embeddings: count,
  eos_token_id: z.int().nonnegative().default(49407),
  projection_dim: count.default(512),
});

/** Reads `text_encoder/config.json`. */
export function parseTextConfig(json: unknown, label = "text_encoder/config.json"): TextConfig {
  const config = parseNetworkConfig(schema, json, label, "CLIP text encoders");
  return {
    ...parseClipLayers(config, label),
    vocabularySize: config.vocab_size,
    maxTokens: config.max_position_embeddings,
    eosTokenId: config.eos_token_id,
    projectionWidth: config.architectures?.includes("CLIPTextModelWithProjection") ? config.projection_dim : undefined,
  };
}

/**
 * The `text` graph: `input_ids` [B,L] int64 → `hidden_states` [B,L,D]. With a second encoder (SDXL) also
 * `input_ids_2`, whose hidden states are joined to the first's, and its `pooled` embedding [B,P].
 * The scopes share one graph; L is the encoders' greatest length.
 */
export function buildText(first: TextEncoder, second: TextEncoder | undefined, hiddenState: TextHiddenState): void {
  const { graph } = first.scope;
  const ids = graph.input("input_ids", "int64", ["B", first.config.maxTokens]);
  const hidden = encodeText(first, ids, hiddenState);
  if (second) {
    requireSameLength(first.config, second.config);
    const ids2 = graph.input("input_ids_2", "int64", ["B", second.config.maxTokens]);
    const { hidden: hidden2, pooled } = encodeTextPooled(second, ids2, hiddenState);
    graph.output("hidden_states", concat([hidden, hidden2], -1));
    graph.output("pooled", pooled);
    second.scope.finish();
  } else {
    graph.output("hidden_states", hidden);
  }
  first.scope.finish();
}

/** Hidden states [B, L, D]; a last layer and norm that they do not need are left out. */
function encodeText({ scope, config }: TextEncoder, ids: Value, hiddenState: TextHiddenState): Value {
  const s = textModel(scope);
  scope.ignore("text_projection.");
  if (hiddenState === "last_normed") return finalNorm(s, textLayers(s, ids, config, config.layers), config);
  s.ignore("final_layer_norm.");
  return last(textLayers(s, ids, config, config.layers - 1));
}

/** Hidden states [B, L, D] and pooled embedding text_projection(final_layer_norm(last state) at the end of text) [B, P]. */
function encodeTextPooled(
  { scope, config }: TextEncoder,
  ids: Value,
  hiddenState: TextHiddenState,
): { readonly hidden: Value; readonly pooled: Value } {
  const s = textModel(scope);
  const states = textLayers(s, ids, config, config.layers);
  const normed = finalNorm(s, states, config);
  const eos = gatherToken(normed, endOfText(ids, config));
  if (config.projectionWidth === undefined) {
    throw new BackdropError(
      "model_corrupt",
      "text_encoder_2/config.json: architectures: expected CLIPTextModelWithProjection, whose embedding SDXL needs; install the model again",
    );
  }
  return {
    hidden: hiddenState === "last_normed" ? normed : last(states.slice(0, -1)),
    pooled: linear(scope.at("text_projection"), eos, config.projectionWidth, { bias: false }),
  };
}

/** Hidden states before and after each of the first `layers` layers.   ids: [B, L] */
function textLayers(s: Scope, ids: Value, config: TextConfig, layers: number): Value[] {
  const embeddings = s.at("embeddings");
  embeddings.ignore("position_ids");
  const tokens = gatherRows(embeddings.weight("token_embedding.weight", [config.vocabularySize, config.width]), ids);
  const positions = embeddings.weight("position_embedding.weight", [config.maxTokens, config.width]);
  const bias = causalBias(ids.graph, config.maxTokens);
  return clipLayers(s.at("encoder"), add(tokens, positions), config, layers, bias);
}

/**
 * Position [B, 1] of the first end-of-text token. Configs that say 2 are older than transformers 4.31 and mean the
 * highest id. Otherwise the first position where −(id − eos)² is largest, which is 0.
 */
function endOfText(ids: Value, config: TextConfig): Value {
  const x = cast(ids, "float32");
  if (config.eosTokenId === 2) return argMax(x, 1);
  const distance = sub(x, config.eosTokenId);
  return argMax(mul(mul(distance, distance), -1), 1);
}

function finalNorm(s: Scope, states: readonly Value[], config: TextConfig): Value {
  return layerNorm(s.at("final_layer_norm"), last(states), config.eps);
}

/** transformers 5 writes CLIPTextModel without the prefix that all other versions and models have. */
function textModel(scope: Scope): Scope {
  return scope.has("final_layer_norm.weight") ? scope : scope.at("text_model");
}

function requireSameLength(first: TextConfig, second: TextConfig): void {
  if (first.maxTokens !== second.maxTokens) {
    throw new BackdropError(
      "model_corrupt",
      `text_encoder_2/config.json: max_position_embeddings: expected ${first.maxTokens} as in text_encoder, got ${second.maxTokens}; install the model again`,
    );
  }
}

function last(states: readonly Value[]): Value {
  const state = states.at(-1);
  if (!state) throw new Error("a text encoder has at least one layer");
  return state;
}
