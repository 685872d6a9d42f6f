"""A model package as it is trained on: SDXL's networks, none of which learns, and the image branch (3.3), which does."""
import json
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, UNet2DConditionModel
from tokenizers import Tokenizer
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionModel, DepthAnythingForDepthEstimation

import mepa
import objective
from resampler import Resampler
from vision import PatchFlexibleVision, patch_visibility

# Tensors of transformers' depth network and vision encoder that are not used here; packages may leave them out.
UNUSED = ("backbone.embeddings.mask_token", "neck.fusion_stage.layers.0.residual_layer1.", "post_layernorm.")


@dataclass
class Inputs:
    """What a prediction is made from, and what it should have been. B samples, latents [B,4,h,w].

    text [B,L,D], added: text_embeds and time_ids, vision [B,N+1,Cv] with visible [B,N], masks: MaskPyramid, down and mid: the
    ControlNet's residuals or None, target [B,4,h,w]."""

    noisy: torch.Tensor
    timestep: torch.Tensor
    text: torch.Tensor
    added: dict
    vision: torch.Tensor
    visible: torch.Tensor
    masks: mepa.MaskPyramid
    down: list | None
    mid: torch.Tensor | None
    target: torch.Tensor


class ImageBranch(nn.Module):
    """The frozen UNet with MEPA in its cross-attentions, and the token compression. Trained: to_k_ip, to_v_ip, compression."""

    def __init__(self, package, compression, dtype, checkpointing):
        super().__init__()
        unet = mepa.adapt(load(UNet2DConditionModel, package / "unet", torch_dtype=dtype))
        for processor in unet.attn_processors.values():
            if isinstance(processor, mepa.MaskEncoderPromptAttention):
                processor.float()
        self.unet = unet
        width = json.loads((package / "image_encoder" / "config.json").read_text())["hidden_size"]
        self.compression = Resampler(width, output=unet.config.cross_attention_dim, **compression)
        if checkpointing:
            unet.enable_gradient_checkpointing()
        self.train()

    def forward(self, x):
        """Inputs -> the prediction [B,4,h,w]: ε or v, as the scheduler says."""
        tokens = self.compression(x.vision, x.visible)
        return self.unet(x.noisy, x.timestep, x.text, added_cond_kwargs=x.added, down_block_additional_residuals=x.down,
                         mid_block_additional_residual=x.mid,
                         cross_attention_kwargs={"ip_hidden_states": tokens, "ip_adapter_masks": x.masks}).sample


class Frozen:
    """Everything around the UNet, and how samples become its inputs."""

    def __init__(self, package, dtype, device, control):
        """package: the folder of a model package; control: whether the ControlNet and the depth network are needed."""
        self.description = json.loads((package / "backdrop.json").read_text())
        if (self.description["architecture"], self.description["tokenCompression"]) != ("sdxl", "resampler"):
            raise ValueError(f"{package}: expected an SDXL package with a resampler, got architecture "
                             f"{self.description['architecture']} and token compression {self.description['tokenCompression']}")
        self.device, self.dtype = device, dtype
        self.levels = len(json.loads((package / "unet" / "config.json").read_text())["block_out_channels"])
        text, vision = self.description["text"], self.description["vision"]
        # In bfloat16 the latents would keep 8 bits: the VAE runs in float32 (with weights that also bear float16).
        self.vae = load(AutoencoderKL, package / "vae", torch_dtype=torch.float32).to(device)
        self.text = [load(CLIPTextModel, package / "text_encoder", dtype=dtype).to(device),
                     load(CLIPTextModelWithProjection, package / "text_encoder_2", dtype=dtype).to(device)]
        self.tokenizers = [PromptTokens(package / name, text["maxTokens"]) for name in ("tokenizer", "tokenizer_2")]
        self.vision = PatchFlexibleVision(load(CLIPVisionModel, package / "image_encoder", dtype=dtype), vision["droppedPatches"],
                                          vision["hiddenState"]).to(device)
        self.controlnet, self.depth = None, None
        if control:
            self.controlnet = load(ControlNetModel, package / "controlnet", torch_dtype=dtype).to(device)
            self.depth = load(DepthAnythingForDepthEstimation, package / "depth", dtype=torch.float32).to(device)
        self.scheduler = DDIMScheduler.from_pretrained(package / "scheduler")
        self.alphas = self.scheduler.alphas_cumprod.to(device)

    @torch.no_grad()
    def inputs(self, sample, tau):
        """A batch of pictures.Sample, on the device -> Inputs."""
        clean = self.latents(sample.image, sample.latent_noise)
        noisy, signal = objective.noised(clean, sample.noise, sample.timestep, self.alphas)
        noisy = noisy.to(self.dtype)
        text, pooled = (x.to(self.dtype) for x in self.encode_text(sample.caption, sample.drop_caption))
        added = {"text_embeds": pooled, "time_ids": sample.time_ids}
        pixels, patch_mask = (x.to(self.dtype) for x in self.reference(sample, tau))
        down, mid = None, None
        if self.controlnet is not None:
            down, mid = self.controlnet(noisy, sample.timestep, text, controlnet_cond=self.control_picture(sample).to(self.dtype),
                                        added_cond_kwargs=added, return_dict=False)
            present = sample.control[:, None, None, None].to(self.dtype)
            down, mid = [x * present for x in down], mid * present
        return Inputs(noisy, sample.timestep, text, added, self.vision(pixels, patch_mask), self.vision.visible(patch_mask),
                      mepa.mask_pyramid(F.avg_pool2d(sample.keep, 8), sample.gates, sample.scale, self.levels), down, mid,
                      objective.target(self.scheduler.config.prediction_type, clean, sample.noise, signal))

    def latents(self, image, noise):
        """uint8 [B,3,S,S] -> scaled latents [B,4,S/8,S/8], drawn from the VAE's posterior with `noise`."""
        with torch.autocast(self.device.type, enabled=False):
            posterior = self.vae.encode(image.float() / 127.5 - 1).latent_dist
        return (posterior.mean + posterior.std * noise) * self.vae.config.scaling_factor

    def encode_text(self, captions, drop):
        """SDXL's context [B,L,D], the last hidden states but one of both encoders side by side, and the pooled embedding [B,P].

        A dropped caption is what the package takes for no prompt: zeros, or the encoded empty text."""
        zeros = self.description["unconditionalText"] == "zeros"
        shown = ["" if dropped and not zeros else caption for caption, dropped in zip(captions, drop.tolist())]
        ids = [tokenizer(shown).to(self.device) for tokenizer in self.tokenizers]
        found = [encoder(i, output_hidden_states=True) for encoder, i in zip(self.text, ids)]
        given = (1 - drop.float())[:, None] if zeros else torch.ones(len(shown), 1, device=self.device)
        return torch.cat([f.hidden_states[-2] for f in found], -1) * given[:, None], found[1].text_embeds * given

    def reference(self, sample, tau):
        """The vision encoder's pixels, normalised [B,3,V,V], and patch mask [B,N]; for guidance zeros, all of them visible."""
        vision = self.description["vision"]
        size = (vision["imageSize"],) * 2
        resize = lambda x: F.interpolate(x, size, mode="bicubic", antialias=True, align_corners=False)  # noqa: E731
        pixels = normalise(resize(sample.reference.float() / 255).clamp(0, 1), vision)
        patch_mask = patch_visibility((resize(sample.keep) >= 0.5).float(), vision["patchSize"], tau)
        dropped = sample.drop_reference
        return pixels.masked_fill(dropped[:, None, None, None], 0), patch_mask.masked_fill(dropped[:, None], 1)

    def control_picture(self, sample):
        """R8: the product's depth in its mask, and the scene's under D outside it: `stacked` [B,2,S,S] or `composite` [B,3,S,S]."""
        scene = sample.disparity
        if not sample.has_disparity.all():
            scene = torch.where(sample.has_disparity[:, None, None, None], scene, self.estimate(sample.image))
        product = self.let_through(scene, sample.product)
        behind = self.let_through(scene, sample.keep) * (1 - sample.product)
        stacked = self.description["depth"]["conditioning"] == "stacked"
        return torch.cat([product, behind], 1) if stacked else (product + behind).expand(-1, 3, -1, -1)

    def estimate(self, image):
        """uint8 [B,3,S,S] -> the depth network's disparity [B,1,S,S], of any scale."""
        depth = self.description["depth"]
        size = (depth["imageSize"],) * 2
        pixels = F.interpolate(image.float() / 255, size, mode="bilinear", antialias=True, align_corners=False)
        with torch.autocast(self.device.type, enabled=False):
            disparity = self.depth(normalise(pixels, depth)).predicted_depth[:, None]
        return F.interpolate(disparity, image.shape[2:], mode="bilinear", align_corners=False).clamp(min=0)

    def let_through(self, disparity, mask):
        """Disparity under a mask, as the engine gives it to the ControlNet: with `relative` the nearest point left is 1."""
        masked = disparity * mask
        if self.description["depth"]["scale"] == "unit":
            return masked.clamp(max=1)
        return masked / masked.amax((1, 2, 3), keepdim=True).clamp(min=1e-6)


def load(kind, folder, **options):
    """A network that stays as it is. Refuses a file that lacks tensors, which the libraries would fill with random numbers."""
    network, found = kind.from_pretrained(folder, output_loading_info=True, **options)
    missing = [k for k in found["missing_keys"] if not k.startswith(UNUSED)]
    if missing or found["mismatched_keys"]:
        raise ValueError(f"{folder}: expected the tensors of a {kind.__name__}, missing {sorted(missing)[:3]}, "
                         f"of another shape {sorted(found['mismatched_keys'])[:3]}; install the package again")
    return network.requires_grad_(False).eval()


def normalise(rgb, part):
    """rgb [B,3,H,W] in [0,1]; part: a section of backdrop.json with mean and std."""
    mean, std = (torch.tensor(part[name], device=rgb.device).view(1, 3, 1, 1) for name in ("mean", "std"))
    return (rgb - mean) / std


class PromptTokens:
    """A package's tokenizer: begin, words, end, then padding, always maxTokens ids (server/engine/tokenizer.ts)."""

    def __init__(self, folder, length):
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        self.tokenizer, self.length = Tokenizer.from_file(str(folder / "tokenizer.json")), length
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.begin, self.end = self.id_of(config["bos_token"]), self.id_of(config["eos_token"])
        self.padding = self.id_of(config["pad_token"]) if config.get("pad_token") else self.end

    def id_of(self, token):
        found = self.tokenizer.token_to_id(token["content"] if isinstance(token, dict) else token)
        if found is None:
            raise ValueError(f"tokenizer: its vocabulary lacks {token}")
        return found

    def __call__(self, texts):
        """-> int64 [B, maxTokens]"""
        rows = []
        for text in texts:
            words = self.tokenizer.encode(text, add_special_tokens=False).ids[:self.length - 2]
            rows.append(([self.begin, *words, self.end] + [self.padding] * self.length)[:self.length])
        return torch.tensor(rows)
