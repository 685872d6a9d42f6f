import { type CatalogueEntry, halfOrFull, plain } from "./entry.ts";
import { clipVision, defaults, depth, depthAnything, ipAdapter, previewDecoder } from "./shared.ts";

/** Stable Diffusion 1.5 with depth ControlNet and IP-Adapter-plus. */
export const sd15: CatalogueEntry = {
  purpose: "Good pictures at 512 px. Best with a graphics card; without one a picture takes minutes.",
  approximateBytes: 5_600_000_000,
  repositories: [
    {
      name: "stable-diffusion-v1-5/stable-diffusion-v1-5",
      revision: "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
      licence: "CreativeML OpenRAIL-M",
      licenceUrl: "https://huggingface.co/spaces/CompVis/stable-diffusion-license",
      files: [
        ...plain(
          "",
          "scheduler/scheduler_config.json",
          "unet/config.json",
          "vae/config.json",
          "text_encoder/config.json",
          "tokenizer/tokenizer_config.json",
          "tokenizer/vocab.json",
          "tokenizer/merges.txt",
        ),
        halfOrFull("unet/diffusion_pytorch_model.safetensors", {
          sizeBytes: 1_719_125_304,
          sha256: "c83908253f9a64d08c25fc90874c9c8aef9a329ce1ca5fb909d73b0c83d1ea21",
        }),
        halfOrFull("vae/diffusion_pytorch_model.safetensors", {
          sizeBytes: 167_335_342,
          sha256: "4fbcf0ebe55a0984f5a5e00d8c4521d52359af7229bb4d81890039d2aa16dd7c",
        }),
        halfOrFull("text_encoder/model.safetensors", {
          sizeBytes: 246_144_864,
          sha256: "77795e2023adcf39bc29a884661950380bd093cf0750a966d473d1718dc9ef4e",
        }),
      ],
    },
    {
      name: "lllyasviel/control_v11f1p_sd15_depth",
      revision: "539f99181d33db39cf1af2e517cd8056785f0a87",
      licence: "CreativeML OpenRAIL-M",
      licenceUrl: "https://huggingface.co/lllyasviel/control_v11f1p_sd15_depth",
      files: [
        ...plain("controlnet", "config.json"),
        halfOrFull("controlnet/diffusion_pytorch_model.safetensors", {}, "diffusion_pytorch_model.safetensors"),
      ],
    },
    ipAdapter({
      path: "ip_adapter.safetensors",
      from: [
        {
          path: "models/ip-adapter-plus_sd15.safetensors",
          sizeBytes: 98_183_288,
          sha256: "a1c250be40455cc61a43da1201ec3f1edaea71214865fb47f57927e06cbe4996",
        },
      ],
    }),
    depthAnything,
    previewDecoder("madebyollin/taesd"),
  ],
  description: {
    schemaVersion: 1,
    name: "sd15",
    title: "Stable Diffusion 1.5",
    licence: "CreativeML OpenRAIL-M, Apache-2.0",
    architecture: "sd",
    pixelArea: 512 ** 2,
    sideMultiple: 64,
    // As published in ComfyUI's latent formats.
    latentRgb: {
      factors: [
        [0.3512, 0.2297, 0.3227],
        [0.325, 0.4974, 0.235],
        [-0.2829, 0.1762, 0.2721],
        [-0.212, -0.2616, -0.7177],
      ],
      bias: [0, 0, 0],
    },
    vision: { ...clipVision, mean: [...clipVision.mean], std: [...clipVision.std] },
    text: { maxTokens: 77, hiddenState: "last_normed" },
    tokenCompression: "resampler",
    ...defaults,
    depth,
    guidanceRescale: 0,
    unconditionalText: "encode",
  },
};
