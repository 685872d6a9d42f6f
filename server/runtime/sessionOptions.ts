import type { Provider } from "../../shared/providers.ts";

export interface SessionOptions {
  readonly provider: Provider;
  /** of its weights, as the kernels read them */
  readonly weightsBytes: number;
}

/**
 * Whether convolutions are left in the layout that the graph has. ONNX Runtime rearranges them for the CPU, in blocks of channels: narrow
 * networks are faster for it, but with weights of gigabytes it is slow to load and takes as many gigabytes more.
 */
export function keepsPlainLayout({ provider, weightsBytes }: SessionOptions): boolean {
  return provider === "cpu" && weightsBytes >= 1e9;
}
