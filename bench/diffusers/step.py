"""The other side of bench/sideBySide.ts: one denoiser step (ControlNet + UNet + IP-Adapter) in diffusers, on the CPU, in fp32, with SDPA.

    step.py make FOLDER sd15|sdxl|sdxl_full    a package of random float16 weights, and the inputs of a step at 512²
    step.py run FOLDER                         loads it, runs steps, prints a line of JSON for each; writes what it predicts

sd15, sdxl_full: the published sizes. sdxl: the published widths, with transformer depths 1, 1 and 2 in place of 1, 2 and 10.
"""

import json
import sys
import time
from pathlib import Path

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor2_0, IPAdapterAttnProcessor2_0
from safetensors.torch import load_file, save_file

SIDE, TEXT_TOKENS, IMAGE_TOKENS, TIMESTEP = 512, 77, 16, 500
STEPS = {"sd15": 3, "sdxl": 3, "sdxl_full": 1}
CONFIGS = {
    "sd15": dict(cross_attention_dim=768, sample_size=64),
    "sdxl": dict(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    ),
}
CONFIGS["sdxl_full"] = CONFIGS["sdxl"] | {"transformer_layers_per_block": (1, 2, 10)}


def make(folder: Path, name: str) -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)  # the full size in float32 would not fit beside its copy
    unet = UNet2DConditionModel(**CONFIGS[name])
    controlnet = ControlNetModel.from_unet(unet)
    for key, parameter in controlnet.named_parameters():
        if key.startswith(("controlnet_down_blocks", "controlnet_mid_block", "controlnet_cond_embedding.conv_out")):
            torch.nn.init.normal_(parameter, std=0.02)
    for part, model in (("unet", unet), ("controlnet", controlnet)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / "config.json").write_text(model.to_json_string())
        save(model.state_dict(), folder / part / "diffusion_pytorch_model.safetensors")
    width = CONFIGS[name]["cross_attention_dim"]
    # Of the resampler, whose work is done before the steps, only what tells its sizes.
    adapter = {
        "image_proj.latents": torch.zeros(1, IMAGE_TOKENS, 64),
        "image_proj.proj_out.weight": torch.zeros(width, 64),
        "image_proj.layers.0.0.to_q.weight": torch.zeros(64, 64),
        "image_proj.layers.0.1.1.weight": torch.zeros(64, 64),
    }
    for number, key in enumerate(unet.attn_processors):
        if "attn2" in key:
            hidden = unet.get_submodule(key.removesuffix(".processor")).to_q.weight.shape[0]
            for which in ("k", "v"):
                adapter[f"ip_adapter.{number}.to_{which}_ip.weight"] = torch.randn(hidden, width) / width**0.5
    save(adapter, folder / "ip_adapter.safetensors")
    torch.set_default_dtype(torch.float32)
    inputs = {
        "sample": torch.randn(2, 4, SIDE // 8, SIDE // 8),
        "encoder_hidden_states": torch.randn(2, TEXT_TOKENS, width),
        "image_tokens": torch.randn(2, IMAGE_TOKENS, width),
        "control_image": torch.rand(1, 3, SIDE, SIDE),
    }
    if name != "sd15":
        inputs["text_embeds"] = torch.randn(2, 1280)
        inputs["time_ids"] = torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * 2).float()
    for key, value in inputs.items():
        value.numpy().tofile(folder / f"{key}.f32")
    shapes = {key: list(value.shape) for key, value in inputs.items()}
    (folder / "inputs.json").write_text(json.dumps({"side": SIDE, "timestep": TIMESTEP, "steps": STEPS[name], "shapes": shapes}))


def save(tensors: dict, path: Path) -> None:
    save_file({key: value.detach().half().contiguous() for key, value in tensors.items()}, path)


@torch.no_grad()
def run(folder: Path) -> None:
    begin = time.perf_counter()
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
    controlnet = ControlNetModel.from_pretrained(folder / "controlnet", torch_dtype=torch.float32).eval()
    unet.set_attn_processor(adapter_processors(unet, load_file(folder / "ip_adapter.safetensors")))
    report(event="loaded", ms=1000 * (time.perf_counter() - begin))

    description = json.loads((folder / "inputs.json").read_text())
    inputs = {
        key: torch.from_file(str(folder / f"{key}.f32"), size=torch.Size(shape).numel()).reshape(shape).clone()
        for key, shape in description["shapes"].items()
    }
    added = {key: inputs[key] for key in ("text_embeds", "time_ids") if key in inputs}
    text = inputs["encoder_hidden_states"]
    for _ in range(description["steps"]):
        begin = time.perf_counter()
        down, mid = controlnet(
            inputs["sample"], description["timestep"], text, inputs["control_image"], added_cond_kwargs=added, return_dict=False
        )
        prediction = unet(
            inputs["sample"],
            description["timestep"],
            (text, [inputs["image_tokens"]]),
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            added_cond_kwargs=added,
            return_dict=False,
        )[0]
        report(event="step", ms=1000 * (time.perf_counter() - begin))
    prediction.numpy().tofile(folder / "diffusers.f32")


def adapter_processors(unet: UNet2DConditionModel, weights: dict) -> dict:
    processors = {}
    for number, key in enumerate(unet.attn_processors):
        if "attn1" in key:
            processors[key] = AttnProcessor2_0()
            continue
        hidden, width = weights[f"ip_adapter.{number}.to_k_ip.weight"].shape
        processors[key] = IPAdapterAttnProcessor2_0(hidden, width, (IMAGE_TOKENS,), 1.0)
        processors[key].to_k_ip[0].weight.copy_(weights[f"ip_adapter.{number}.to_k_ip.weight"])
        processors[key].to_v_ip[0].weight.copy_(weights[f"ip_adapter.{number}.to_v_ip.weight"])
    return processors


def report(**line) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), sys.argv[3])
    else:
        run(Path(sys.argv[2]))
