import type { DepthReading } from "../../checkpoint/modelPackage.ts";
import type { CatalogueFile, CatalogueRepository } from "./entry.ts";
import { plain } from "./entry.ts";

/** CLIP ViT-H/14 in `models/image_encoder`; the one in `sdxl_models` is another network. */
const imageEncoder: readonly CatalogueFile[] = [
  { path: "image_encoder/config.json", from: [{ path: "models/image_encoder/config.json" }] },
  {
    path: "image_encoder/model.safetensors",
    from: [
      {
        path: "models/image_encoder/model.safetensors",
        sizeBytes: 2_528_373_448,
        sha256: "6ca9667da1ca9e0b0f75e46bb030f7e011f44f86cbfb8d5a36590fcd7507b030",
      },
    ],
  },
];

/** IP-Adapter-plus with its image encoder. */
export function ipAdapter(adapter: CatalogueFile): CatalogueRepository {
  return {
    name: "h94/IP-Adapter",
    revision: "018e402774aeeddd60609b4ecdb7e298259dc729",
    licence: "Apache-2.0",
    licenceUrl: "https://huggingface.co/h94/IP-Adapter",
    files: [adapter, ...imageEncoder],
  };
}

/** The Small one: Base and Large may not be used commercially. */
export const depthAnything: CatalogueRepository = {
  name: "depth-anything/Depth-Anything-V2-Small-hf",
  revision: "5426e4f0f36572d16453bbda7a8389317b1bef99",
  licence: "Apache-2.0",
  licenceUrl: "https://huggingface.co/depth-anything/Depth-Anything-V2-Small-hf",
  files: [
    ...plain("depth", "config.json"),
    {
      path: "depth/model.safetensors",
      from: [
        {
          path: "model.safetensors",
          sizeBytes: 99_173_660,
          sha256: "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70",
        },
      ],
    },
  ],
};

/**
 * A small decoder for previews (TAESD, Bohan). No commit, size or hash could be verified when this was written: its newest state
 * is taken, and each file is compared with the hub's own hash.
 */
export function previewDecoder(name: string): CatalogueRepository {
  return {
    name,
    revision: "main",
    isOptional: true,
    licence: "MIT",
    licenceUrl: `https://huggingface.co/${name}`,
    files: [
      { path: "preview_decoder/config.json", from: [{ path: "config.json" }] },
      {
        path: "preview_decoder/diffusion_pytorch_model.safetensors",
        from: [{ path: "diffusion_pytorch_model.safetensors" }],
      },
    ],
  };
}

/** transformers' `preprocessor_config.json` of CLIP. */
export const clipVision = {
  imageSize: 224,
  patchSize: 14,
  // What is hidden takes no part at all: the published encoders have never seen zeroed patches.
  droppedPatches: "exclude",
  hiddenState: "penultimate",
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;

/** transformers' `preprocessor_config.json` of Depth Anything (ImageNet's). */
export const depthReading: DepthReading = {
  imageSize: 518,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  scale: "relative",
};

/** Depth ControlNets see one grey picture (R8). */
export const depth = { ...depthReading, conditioning: "composite" } as const;

/** The published adapters were trained without masked queries, so the masks multiply the branches' outputs (R7). */
export const defaults = { fusion: "output", strength: 1, sampler: "ddim", steps: 30, guidance: 7.5 } as const;
