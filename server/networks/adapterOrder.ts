import type { Scope } from "../onnx/scope.ts";
import type { BlockConfig, UNetConfig } from "./unetConfig.ts";

/**
 * Finds the IP-Adapter's weights for a cross-attention of the UNet. They are numbered by a count of all attention
 * processors in module order: down, up, mid; each transformer block counts its self- and then its cross-attention,
 * so that cross-attentions have odd numbers.
 */
export function adapterWeights(adapter: Scope, config: UNetConfig): (path: string) => Scope {
  const numbers = new Map(crossAttentionPaths(config).map((path, i) => [path, 2 * i + 1]));
  return (path) => {
    const number = numbers.get(path);
    if (number === undefined) throw new Error(`${path} is no cross-attention of the configured UNet`);
    return adapter.at(number);
  };
}

/** Paths of all cross-attentions in the order of the IP-Adapter's numbering. */
export function crossAttentionPaths(config: UNetConfig): string[] {
  const ofBlock = (prefix: string, { attention }: BlockConfig, transformers: number) =>
    Array.from({ length: transformers }, (_, i) =>
      Array.from(
        { length: attention?.layers ?? 0 },
        (_, j) => `${prefix}.attentions.${i}.transformer_blocks.${j}.attn2.`,
      ),
    ).flat();
  return [
    ...config.down.flatMap((block, i) => ofBlock(`down_blocks.${i}`, block, block.layers)),
    ...config.up.flatMap((block, i) => ofBlock(`up_blocks.${i}`, block, block.layers + 1)),
    ...ofBlock("mid_block", config.mid, 1),
  ];
}
