import { concatBatch, type FloatTensor, zeros } from "../runtime/tensor.ts";
import { floatOutput, type Model } from "./model.ts";

export interface EncodedText {
  /** [B, L, D] */
  readonly hiddenStates: FloatTensor;
  /** [B, P], only with SDXL */
  readonly pooled: FloatTensor | undefined;
}

/**
 * The prompt as the denoiser takes it; under guidance B = 2, the negative prompt first. A package whose unconditional
 * text is `zeros` (SDXL) gets zero tensors for an empty negative prompt, not the encoded empty text.
 */
export async function encodePrompt(
  model: Model,
  { prompt, negative, guided }: { readonly prompt: string; readonly negative: string; readonly guided: boolean },
): Promise<EncodedText> {
  const conditional = await encodeText(model, prompt);
  if (!guided) return conditional;
  const zeroed = negative === "" && model.package.unconditionalText === "zeros";
  const unconditional = zeroed ? zerosLike(conditional) : await encodeText(model, negative);
  return {
    hiddenStates: concatBatch([unconditional.hiddenStates, conditional.hiddenStates]),
    pooled:
      unconditional.pooled && conditional.pooled ? concatBatch([unconditional.pooled, conditional.pooled]) : undefined,
  };
}

async function encodeText(model: Model, text: string): Promise<EncodedText> {
  const [first, second] = model.tokenize(text).ids;
  if (first === undefined) throw new Error("encodePrompt: the model has no tokenizer");
  const dims = [1, first.length];
  const outputs = await model.run(
    { graph: "text" },
    { input_ids: { data: first, dims }, ...(second && { input_ids_2: { data: second, dims } }) },
  );
  return {
    hiddenStates: floatOutput(outputs, "hidden_states", [1, first.length, undefined]),
    pooled: second && floatOutput(outputs, "pooled", [1, undefined]),
  };
}

function zerosLike({ hiddenStates, pooled }: EncodedText): EncodedText {
  return { hiddenStates: zeros(hiddenStates.dims), pooled: pooled && zeros(pooled.dims) };
}
