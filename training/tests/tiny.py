"""A whole SDXL package in miniature, random in every tensor, and pictures to train on."""
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionConfig, CLIPVisionModel,
                          DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config)

TRAINING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TRAINING))

from resampler import Resampler  # noqa: E402

SIDE = 64
RECIPE = {
    **json.loads((TRAINING / "sdxl.json").read_text()),
    "steps": 4, "batch": 2, "precision": "float32", "side": SIDE, "dilationPx": 2, "rate": 1e-3, "referenceAnother": 0.5,
    "compression": {"queries": 5, "inner": 16, "layers": 4, "heads": 1},
}
UNET = dict(
    block_out_channels=(8, 16, 16), layers_per_block=1, norm_num_groups=4, attention_head_dim=(1, 2, 4),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 1, 2),
    cross_attention_dim=24, use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
    projection_class_embeddings_input_dim=6 * 8 + 12, sample_size=8)
WORDS = ["a", "jar", "on", "wood", "blue", "light", "cream", "stone"]


@torch.no_grad()
def write_package(folder, prediction="epsilon"):
    """Every part as the installer lays it out, float16."""
    torch.manual_seed(3)
    text = dict(vocab_size=len(WORDS) + 3, max_position_embeddings=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
                bos_token_id=len(WORDS) + 1, eos_token_id=len(WORDS) + 2)
    unet = UNet2DConditionModel(**UNET)
    controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 8, 8))
    vision = CLIPVisionModel(CLIPVisionConfig(hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                                              image_size=32, patch_size=8))
    backbone = Dinov2Config(hidden_size=12, num_hidden_layers=4, num_attention_heads=2, mlp_ratio=2, patch_size=14, image_size=56,
                            out_features=["stage1", "stage2", "stage3", "stage4"], reshape_hidden_states=False)
    depth = DepthAnythingForDepthEstimation(DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=12, neck_hidden_sizes=[4, 8, 12, 12], fusion_hidden_size=8,
        head_hidden_size=4, reassemble_factors=[4, 2, 1, 0.5], depth_estimation_type="relative"))
    vae = AutoencoderKL(block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4, latent_channels=4,
                        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, scaling_factor=0.13025)
    parts = {
        "unet": unet, "controlnet": controlnet, "vae": vae, "image_encoder": vision, "depth": depth,
        "text_encoder": CLIPTextModel(CLIPTextConfig(hidden_size=12, projection_dim=12, hidden_act="quick_gelu", pad_token_id=len(WORDS) + 2, **text)),
        "text_encoder_2": CLIPTextModelWithProjection(CLIPTextConfig(hidden_size=12, projection_dim=12, hidden_act="gelu", pad_token_id=0, **text)),
    }
    for name, part in parts.items():
        randomise(part).half().save_pretrained(folder / name)
    # Tensors that transformers writes and the network does not use.
    write_without(folder / "depth", ("backbone.embeddings.mask_token", "neck.fusion_stage.layers.0.residual_layer1."))
    resampler = randomise(Resampler(24, output=24, **RECIPE["compression"]))
    adapter = {f"image_proj.{k}": v for k, v in resampler.state_dict().items()}
    for n, name in enumerate(unet.attn_processors):
        if ".attn2." in name:
            inner = unet.get_submodule(name.removesuffix(".processor")).to_q.out_features
            adapter |= {f"ip_adapter.{n}.{k}.weight": torch.randn(inner, 24) * 0.2 for k in ("to_k_ip", "to_v_ip")}
    save_file({k: v.half().contiguous() for k, v in adapter.items()}, folder / "ip_adapter.safetensors", metadata={"format": "pt"})
    DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
                  steps_offset=1, prediction_type=prediction).save_pretrained(folder / "scheduler")
    for name, padding in (("tokenizer", "<|endoftext|>"), ("tokenizer_2", "!")):
        write_tokenizer(folder / name, padding)
    describe(folder)


def randomise(module):
    """Nothing stays zero or the identity, so that a part that is left out or doubled shows."""
    for name, p in module.named_parameters():
        if p.ndim > 1:
            p.data = torch.randn_like(p) * p[0].numel() ** -0.5
        elif "norm" in name and name.endswith("weight"):
            p.data = 1 + 0.2 * torch.randn_like(p)
        else:
            p.data = 0.1 * torch.randn_like(p)
        p.data = p.data.half().float()
    return module


def write_without(folder, prefixes):
    """The file of a part again, less the tensors under `prefixes`."""
    state = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith(prefixes)}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def write_tokenizer(folder, padding):
    folder.mkdir()
    vocabulary = {word: i for i, word in enumerate(["!", *WORDS, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="!"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": padding}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def describe(folder):
    files = [{"path": p.relative_to(folder).as_posix(), "sizeBytes": p.stat().st_size, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
             for p in sorted(folder.rglob("*")) if p.is_file()]
    half = [0.5, 0.5, 0.5]
    description = {
        "schemaVersion": 1, "name": folder.name, "title": "Tiny SDXL", "licence": "Apache-2.0", "architecture": "sdxl",
        "pixelArea": SIDE**2, "sideMultiple": 32, "latentRgb": {"factors": [[0.2, 0.1, 0.0]] * 4, "bias": [0.0, 0.0, 0.0]},
        "vision": {"imageSize": 32, "patchSize": 8, "droppedPatches": "zero", "hiddenState": "penultimate", "mean": half, "std": half},
        "text": {"maxTokens": 8, "hiddenState": "penultimate"}, "tokenCompression": "resampler", "fusion": "output", "strength": 1,
        "depth": {"imageSize": 56, "mean": half, "std": half, "scale": "relative", "conditioning": "composite"},
        "guidanceRescale": 0, "unconditionalText": "zeros", "files": files,
    }
    (folder / "backdrop.json").write_text(json.dumps(description, indent=1) + "\n")


def write_pictures(folder, count=6):
    """Noisy blobs of different sizes; some with a product mask, some with a depth, one a jpeg in a folder of its own."""
    rng = np.random.default_rng(5)
    (folder / "more").mkdir(parents=True)
    lines = []
    for i in range(count):
        height, width = rng.integers(SIDE, 2 * SIDE, 2)
        coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), np.uint8)).resize((int(width), int(height)), Image.Resampling.BICUBIC)
        record = {"id": f"{i:05d}", "captions": [" ".join(rng.choice(WORDS, 4)), "a jar on wood"], "group": i // 2}
        path = folder / f"{i:05d}.png"
        if i == 0:
            record |= {"image": "more/first.jpg"}
            path = folder / "more" / "first.jpg"
        coarse.save(path)
        if i % 2 == 0:
            mask = np.zeros((height, width), np.uint8)
            mask[height // 3:-height // 4, width // 3:-width // 3] = 255
            Image.fromarray(mask).save(path.with_name(f"{path.stem}.mask.png"))
        if i % 3 == 0:
            ramp = np.linspace(0, 65535, height).astype(np.uint16)[:, None].repeat(width, 1)
            Image.fromarray(ramp).save(path.with_name(f"{path.stem}.depth.png"))
        lines.append(json.dumps(record))
    (folder / "pictures.jsonl").write_text("\n".join(lines) + "\n")


def write_recipe(path, **changes):
    path.write_text(json.dumps({**RECIPE, **changes}))
    return path
