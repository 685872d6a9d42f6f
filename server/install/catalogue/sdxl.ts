import { type CatalogueEntry, halfOrFull, plain } from "./entry.ts";
import { clipVision, defaults, depth, depthAnything, ipAdapter, previewDecoder } from "./shared.ts";

/** SDXL base with depth ControlNet, IP-Adapter-plus and the autoencoder that survives half precision. */
export const sdxl: CatalogueEntry = {
  purpose:
    "The best pictures, at 1024 px. Made for a computer with a graphics card; without one a picture takes many minutes.",
  approximateBytes: 13_100_000_000,
  repositories: [
    {
      name: "stabilityai/stable-diffusion-xl-base-1.0",
      revision: "462165984030d82259a11f4367a4eed129e94a7b",
      licence: "CreativeML Open RAIL++-M",
      licenceUrl: "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
      files: [
        ...plain(
          "",
          "scheduler/scheduler_config.json",
          "unet/config.json",
          "text_encoder/config.json",
          "text_encoder_2/config.json",
          "tokenizer/tokenizer_config.json",
          "tokenizer/vocab.json",
          "tokenizer/merges.txt",
          "tokenizer_2/tokenizer_config.json",
          "tokenizer_2/vocab.json",
          "tokenizer_2/merges.txt",
        ),
        halfOrFull("unet/diffusion_pytorch_model.safetensors", {
          sizeBytes: 5_135_149_760,
          sha256: "83e012a805b84c7ca28e5646747c90a243c65c8ba4f070e2d7ddc9d74661e139",
        }),
        halfOrFull("text_encoder/model.safetensors", {
          sizeBytes: 246_144_152,
          sha256: "660c6f5b1abae9dc498ac2d21e1347d2abdb0cf6c0c0c8576cd796491d9a6cdd",
        }),
        halfOrFull("text_encoder_2/model.safetensors", {
          sizeBytes: 1_389_382_176,
          sha256: "ec310df2af79c318e24d20511b601a591ca8cd4f1fce1d8dff822a356bcdb1f4",
        }),
      ],
    },
    {
      name: "madebyollin/sdxl-vae-fp16-fix",
      revision: "207b116dae70ace3637169f1ddd2434b91b3a8cd",
      licence: "MIT",
      licenceUrl: "https://huggingface.co/madebyollin/sdxl-vae-fp16-fix",
      files: [
        ...plain("vae", "config.json"),
        {
          path: "vae/diffusion_pytorch_model.safetensors",
          from: [
            {
              path: "diffusion_pytorch_model.safetensors",
              sha256: "1b909373b28f2137098b0fd9dbc6f97f8410854f31f84ddc9fa04b077b0ace2c",
            },
          ],
        },
      ],
    },
    {
      name: "diffusers/controlnet-depth-sdxl-1.0",
      revision: "17bb97973f29801224cd66f192c5ffacf82648b4",
      licence: "CreativeML Open RAIL++-M",
      licenceUrl: "https://huggingface.co/diffusers/controlnet-depth-sdxl-1.0",
      files: [
        ...plain("controlnet", "config.json"),
        halfOrFull(
          "controlnet/diffusion_pytorch_model.safetensors",
          {
            sizeBytes: 2_502_139_134,
            sha256: "66a6813e6bd7270ecfe68206a59ddd605a011ae85321188376605c66e0a4f303",
          },
          "diffusion_pytorch_model.safetensors",
        ),
      ],
    },
    ipAdapter({
      path: "ip_adapter.safetensors",
      from: [
        {
          path: "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors",
          sizeBytes: 847_517_512,
          sha256: "3f5062b8400c94b7159665b21ba5c62acdcd7682262743d7f2aefedef00e6581",
        },
      ],
    }),
    depthAnything,
    previewDecoder("madebyollin/taesdxl"),
  ],
  description: {
    schemaVersion: 1,
    name: "sdxl",
    title: "Stable Diffusion XL 1.0",
    licence: "CreativeML Open RAIL++-M, Apache-2.0, MIT",
    architecture: "sdxl",
    pixelArea: 1024 ** 2,
    sideMultiple: 64,
    // As published in ComfyUI's latent formats.
    latentRgb: {
      factors: [
        [0.3651, 0.4232, 0.4341],
        [-0.2533, -0.0042, 0.1068],
        [0.1076, 0.1111, -0.0362],
        [-0.3165, -0.2492, -0.2188],
      ],
      bias: [0.1084, -0.0175, -0.0011],
    },
    vision: { ...clipVision, mean: [...clipVision.mean], std: [...clipVision.std] },
    text: { maxTokens: 77, hiddenState: "penultimate" },
    tokenCompression: "resampler",
    ...defaults,
    depth,
    guidanceRescale: 0,
    unconditionalText: "zeros",
  },
};
