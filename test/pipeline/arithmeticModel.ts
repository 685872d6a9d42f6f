import type { ModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { descriptionSchema, schedulerSchema } from "../../server/checkpoint/modelPackage.ts";
import type { Model } from "../../server/pipeline/model.ts";
import { type FloatTensor, floats, type NamedTensors } from "../../server/runtime/tensor.ts";

export interface Call {
  readonly graph: string;
  readonly inputs: NamedTensors;
}

/**
 * A model of plain arithmetic with the graphs' names and shapes: for testing what the loop does around the networks.
 * Every input of the denoiser moves its output, so that an input that is lost on the way shows. Calls are recorded.
 */
export function arithmeticModel(overrides: Partial<ModelPackage> = {}): Model & { readonly calls: Call[] } {
  const calls: Call[] = [];
  return {
    package: { ...examplePackage, ...overrides },
    precision: "fp32",
    calls,
    prepare: async () => ({}),
    tokenize: (text) => ({
      ids: [BigInt64Array.from({ length: 40 }, (_, i) => BigInt(text.charCodeAt(i) || 0))],
      truncated: text.length > 40,
    }),
    async run(request, inputs) {
      calls.push({ graph: request.graph, inputs });
      const { data, dims } = firstInput(inputs);
      const batch = dims[0] ?? 1;
      const each = (length: number, value: (b: number, i: number) => number) =>
        new Float32Array(batch * length).map((_, i) => value(Math.floor(i / length), i % length));
      switch (request.graph) {
        case "text":
          return {
            hidden_states: floats(
              each(40 * 8, (b, i) => (data[b * 40 + (i >> 3)] ?? 0) / 100),
              [batch, 40, 8],
            ),
          };
        case "vision": {
          const means = Array.from({ length: batch }, (_, b) => mean(inputs, "pixel_values", batch, b));
          const visible = Array.from({ length: batch }, (_, b) => mean(inputs, "patch_mask", batch, b));
          const tokens = each(16 * 8, (b, i) => (means[b] ?? 0) + (visible[b] ?? 0) + i / 100);
          return { image_tokens: floats(tokens, [batch, 16, 8]) };
        }
        case "depth": {
          const area = depthSize ** 2;
          return {
            depth: floats(
              each(area, (_, i) => 1 + Math.abs(data[i] ?? 0)),
              [1, depthSize, depthSize],
            ),
          };
        }
        case "vae_encoder": {
          const [, , height = 8, width = 8] = dims;
          const shape = [1, 4, height / 8, width / 8];
          const at = (i: number) => {
            const [c, y, x] = [
              Math.floor(i / (shape[2] ?? 1) / (shape[3] ?? 1)) % 3,
              Math.floor(i / (shape[3] ?? 1)),
              i,
            ];
            return data[c * height * width + (y % (shape[2] ?? 1)) * 8 * width + (x % (shape[3] ?? 1)) * 8] ?? 0;
          };
          return {
            latents: floats(
              each((4 * height * width) / 64, (_, i) => at(i)),
              shape,
            ),
          };
        }
        case "preview_decoder":
        case "vae_decoder": {
          const [, , h = 1, w = 1] = dims;
          const [height, width] = [h * 8, w * 8];
          const at = (i: number) => {
            const [x, y, c] = [i % width, Math.floor(i / width) % height, Math.floor(i / width / height)];
            return Math.tanh(data[(c * h + (y >> 3)) * w + (x >> 3)] ?? 0);
          };
          return {
            image: floats(
              each(3 * height * width, (_, i) => at(i)),
              [1, 3, height, width],
            ),
          };
        }
        case "control": {
          const [, , height = 8, width = 8] = dims;
          const total = mean(inputs, "control_image", 1, 0);
          return {
            control_embedding: floats(
              each((2 * height * width) / 64, () => total),
              [1, 2, height / 8, width / 8],
            ),
          };
        }
        case "vae_encoder_tile":
        case "vae_encoder_end":
        case "vae_decoder_start":
        case "vae_decoder_tile":
          throw new Error(`this model has no ${request.graph}`);
        case "denoiser": {
          const size = data.length / batch;
          const pull = (b: number) =>
            mean(inputs, "encoder_hidden_states", batch, b) +
            mean(inputs, "image_scale", 1, 0) * mean(inputs, "image_tokens", batch, b) +
            mean(inputs, "control_scale", 1, 0) * mean(inputs, "control_embedding", 1, 0) +
            mean(inputs, "fusion", 1, 0) * mean(inputs, "query_mask", 1, 0);
          const pulls = Array.from({ length: batch }, (_, b) => pull(b));
          const t = mean(inputs, "timestep", 1, 0) / 1000;
          const values = each(size, (b, i) => 0.5 * (data[b * size + i] ?? 0) + 0.1 * Math.sin(pulls[b] ?? 0) * t);
          return { noise_prediction: floats(values, dims) };
        }
      }
    },
  };
}

function firstInput(inputs: NamedTensors): FloatTensor {
  const [tensor] = Object.values(inputs);
  if (tensor === undefined) throw new Error("no inputs");
  const { data, dims } = tensor;
  return { data: data instanceof Float32Array ? data : Float32Array.from(data, Number), dims };
}

/** of the b-th part of a batch */
function mean(inputs: NamedTensors, name: string, batch: number, b: number): number {
  const { data } = firstInput({ [name]: inputs[name] ?? fail(`input ${name} is missing`) });
  const length = data.length / batch;
  let sum = 0;
  for (let i = b * length; i < (b + 1) * length; i++) sum += data[i] ?? 0;
  return sum / length;
}

function fail(message: string): never {
  throw new Error(message);
}

const depthSize = 56;

export const examplePackage: ModelPackage = {
  ...descriptionSchema.parse({
    schemaVersion: 1,
    name: "example",
    title: "Arithmetic for tests",
    licence: "Apache-2.0",
    architecture: "sd",
    pixelArea: 4096,
    sideMultiple: 32,
    latentRgb: {
      factors: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
      ],
      bias: [0, 0, 0],
    },
    vision: {
      imageSize: 64,
      patchSize: 16,
      droppedPatches: "exclude",
      hiddenState: "last",
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    },
    text: { maxTokens: 40, hiddenState: "last_normed" },
    tokenCompression: "linear",
    fusion: "query",
    strength: 1,
    depth: {
      imageSize: depthSize,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      scale: "relative",
      conditioning: "stacked",
    },
    guidanceRescale: 0.7,
    unconditionalText: "encode",
    files: [{ path: "unet/config.json", sizeBytes: 1, sha256: "0".repeat(64) }],
  }),
  dir: "",
  scheduler: schedulerSchema.parse({
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    prediction_type: "v_prediction",
    timestep_spacing: "trailing",
    rescale_betas_zero_snr: true,
  }),
  sha256: "0".repeat(64),
};
