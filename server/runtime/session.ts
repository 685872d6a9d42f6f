import { availableParallelism } from "node:os";
import { basename } from "node:path";
import * as ort from "onnxruntime-node";
import { BackdropError } from "../../shared/errors.ts";
import { keepsPlainLayout, type SessionOptions } from "./sessionOptions.ts";
import type { NamedTensors, Tensor } from "./tensor.ts";

/** A loaded graph. `run` blocks its thread until the graph is done: onnxruntime-node computes synchronously. */
export interface Session {
  run(inputs: NamedTensors): Promise<NamedTensors>;
  dispose(): Promise<void>;
}

/** Loads a compiled graph; its weights are mapped from the safetensors files beside it. */
export async function openSession(path: string, options: SessionOptions): Promise<Session> {
  const graph = basename(path);
  // Another provider fails most often because its libraries are not on this machine, which is no fault of the model.
  const [code, failed] =
    options.provider === "cpu"
      ? (["model_corrupt", `${graph}: cannot be loaded; compile the model again`] as const)
      : (["invalid_params", `provider ${options.provider}: cannot run ${graph} here; choose cpu or auto`] as const);
  const session = await native(code, failed, () =>
    ort.InferenceSession.create(path, {
      executionProviders: [options.provider],
      // A graph that the provider cannot run whole is an error: parts of it on the CPU would be slow, and nobody would know why.
      ...(options.provider !== "cpu" && { extra: { session: { disable_cpu_ep_fallback: "1" } } }),
      graphOptimizationLevel: keepsPlainLayout(options) ? "extended" : "all",
      // A memory pattern is a second home for all activations beside the arena that already holds them, and no faster.
      enableMemPattern: false,
      intraOpNumThreads: availableParallelism(),
      logSeverityLevel: 3,
    }),
  );
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, toNative(tensor)]));
      const outputs = await native("internal", `${graph}: failed while running`, () => session.run(feeds));
      return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, fromNative(name, value)]));
    },
    dispose: () => session.release(),
  };
}

function toNative({ data, dims }: Tensor): ort.Tensor {
  return data instanceof Float32Array ? new ort.Tensor("float32", data, dims) : new ort.Tensor("int64", data, dims);
}

function fromNative(name: string, { data, dims }: ort.Tensor): Tensor {
  if (data instanceof Float32Array) return { data, dims };
  if (data instanceof BigInt64Array) return { data, dims };
  throw new BackdropError("internal", `graph output ${name}: expected float32 or int64`);
}

/** The runtime's own errors are long and name build paths: they become the cause of one of ours. */
async function native<Result>(
  code: "model_corrupt" | "invalid_params" | "internal",
  failed: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    const detail = cause instanceof Error ? (cause.message.split("\n")[0] ?? "").slice(0, 400) : String(cause);
    throw new BackdropError(code, `${failed} (${detail})`, { cause });
  }
}
