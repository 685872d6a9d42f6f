import { type CatalogueEntry, plain } from "./entry.ts";
import { depthAnything as depthAnythingRepository, depthReading } from "./shared.ts";

// No commit, size or hash of the repositories that are named here could be verified when this was written: their newest state is
// taken, and each file is compared with the hub's own hash.

/** Segment Anything, 77 % pruned (Chen et al. 2023, arXiv 2312.05284). */
export const slimsam: CatalogueEntry = {
  purpose: "Finds the object that you click on, for masks.",
  approximateBytes: 40_000_000,
  repositories: [
    {
      name: "Xenova/slimsam-77-uniform",
      revision: "main",
      licence: "Apache-2.0",
      licenceUrl: "https://github.com/czg1225/SlimSAM/blob/master/LICENSE",
      files: plain(
        "",
        "config.json",
        "preprocessor_config.json",
        "onnx/vision_encoder.onnx",
        "onnx/prompt_encoder_mask_decoder.onnx",
      ),
    },
  ],
  description: { schemaVersion: 1, name: "slimsam", title: "SlimSAM 77", licence: "Apache-2.0", task: "segment" },
};

export const captioner: CatalogueEntry = {
  purpose: "Writes a prompt from what the reference shows.",
  approximateBytes: 980_000_000,
  repositories: [
    {
      name: "Xenova/vit-gpt2-image-captioning",
      revision: "main",
      licence: "Apache-2.0",
      licenceUrl: "https://huggingface.co/nlpconnect/vit-gpt2-image-captioning",
      files: plain(
        "",
        "config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "onnx/encoder_model.onnx",
        "onnx/decoder_model_merged.onnx",
      ),
    },
  ],
  description: {
    schemaVersion: 1,
    name: "captioner",
    title: "ViT GPT-2 captions",
    licence: "Apache-2.0",
    task: "describe",
  },
};

/** What `sdxl` and `sd15` have already, for models with a stand-in (Yang et al. 2024, arXiv 2406.09414). */
export const depthAnything: CatalogueEntry = {
  purpose:
    "Sees what is near and what is far, for models with only a small network of their own for that: Backdrop Mini.",
  approximateBytes: 99_200_000,
  repositories: [depthAnythingRepository],
  description: {
    schemaVersion: 1,
    name: "depth-anything",
    title: "Depth Anything V2 Small",
    licence: "Apache-2.0",
    task: "depth",
    depth: depthReading,
  },
};
