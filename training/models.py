"""The networks of the mini model, built from config.json with diffusers and transformers classes."""
import torch
from diffusers import AutoencoderTiny, ControlNetModel, DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import (CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModel, DepthAnythingConfig,
                          DepthAnythingForDepthEstimation, Dinov2Config)

import mepa
from config import CONFIG
from vision import LinearCompression, PatchFlexibleVision


def build_autoencoder():
    """[B,3,H,W] in [-1,1] <-> latents [B,4,H/8,W/8]."""
    return AutoencoderTiny(**CONFIG["vae"])


def build_depth():
    """Normalised pixels [B,3,224,224] -> disparity [B,224,224]."""
    config = CONFIG["depth"]
    model = DepthAnythingForDepthEstimation(
        DepthAnythingConfig(backbone_config=Dinov2Config(**config["backbone"]), **config["head"]))
    model.head.conv3.bias.data.fill_(0.3)  # the head ends in ReLU: start where it has a slope
    return model


def build_scheduler():
    return DDIMScheduler(**CONFIG["scheduler"])


class Backdrop(nn.Module):
    """Art Control Module and Generation Module: everything Eq. 7 trains."""

    def __init__(self, vocabulary, end_id):
        super().__init__()
        compression = CONFIG["compression"]
        self.text = CLIPTextModel(CLIPTextConfig(vocab_size=vocabulary, bos_token_id=vocabulary - 2, eos_token_id=end_id,
                                                 pad_token_id=end_id, **CONFIG["text_encoder"]))
        self.vision = PatchFlexibleVision(CLIPVisionModel(CLIPVisionConfig(**CONFIG["image_encoder"])))
        self.compression = LinearCompression(CONFIG["image_encoder"]["hidden_size"], compression["queries"],
                                             compression["inner"], compression["output"])
        self.unet = mepa.install(UNet2DConditionModel(**CONFIG["unet"]))
        self.control = None

    def add_control(self):
        """Add a ControlNet that starts from the UNet's encoder, as far as it has the same parts.

        It has no attention: the depth's layout is local, and the text reaches the picture through the UNet."""
        shared = {k: v for k, v in CONFIG["unet"].items() if k not in ("sample_size", "out_channels", "up_block_types")}
        self.control = mepa.plain_attention(ControlNetModel(**{**shared, **CONFIG["controlnet"]}))
        own = self.control.state_dict()
        copied = {k: v for k, v in self.unet.state_dict().items() if k in own and v.shape == own[k].shape}
        self.control.load_state_dict(copied, strict=False)
        open_control(self.control)
        return self

    def image_tokens(self, pixels, patch_mask):
        """Normalised pixels [B,3,256,256], patch_mask [B,256] -> [B,16,128]."""
        return self.compression(self.vision(pixels, patch_mask), patch_mask)

    def predict(self, sample, timestep, hidden_states, image_tokens, masks, control_image=None):
        """One v prediction [B,4,32,32]. hidden_states [B,L,D] (text), masks: MaskPyramid, control_image [B,2,256,256].

        The ControlNet gets text only, as in the paper's Generation Module (local control)."""
        down, mid = None, None
        if self.control is not None and control_image is not None:
            down, mid = self.control(sample, timestep, hidden_states, controlnet_cond=control_image, return_dict=False)
        return self.unet(sample, timestep, hidden_states, down_block_additional_residuals=down,
                         mid_block_additional_residual=mid,
                         cross_attention_kwargs={"ip_hidden_states": image_tokens, "ip_adapter_masks": masks}).sample

    def forward(self, batch, sample, timestep, levels=3):
        """v prediction for a training batch (conditions.Batch)."""
        hidden_states = self.text(batch.input_ids).last_hidden_state
        tokens = self.image_tokens(batch.reference, batch.patch_mask)
        masks = mepa.mask_pyramid(batch.query_mask, batch.gates, batch.scale, levels)
        return self.predict(sample, timestep, hidden_states, tokens, masks, batch.control)


@torch.no_grad()
def open_control(control, strength=0.3, gain=0.5):
    """Start the ControlNet open instead of closed.

    Zero convolutions protect a pretrained model; here there is none, and with them (and default weights, which shrink the
    signal in each of the embedding's layers) the depth had no measurable effect after 475 steps. So the weights of the
    conditioning embedding are scaled layer by layer (as in LSUV, arXiv 1511.06422) until a ramp with a box in front of it gives
    deviation 1, `gain` at the end, and each output convolution starts as `strength` times the identity."""
    picture = torch.linspace(0, 1, 256).view(1, 1, 256, 1).repeat(1, control.config.conditioning_channels, 1, 256)
    picture[:, 0] = 0
    picture[:, :, 96:192, 96:160] = torch.tensor([0.8, 0.0]).view(1, 2, 1, 1)
    embedding = control.controlnet_cond_embedding
    x = picture
    for conv in [embedding.conv_in, *embedding.blocks, embedding.conv_out]:
        last = conv is embedding.conv_out
        nn.init.kaiming_normal_(conv.weight)
        nn.init.zeros_(conv.bias)
        conv.weight.mul_((gain if last else 1.0) / conv(x).std())
        x = nn.functional.silu(conv(x))
    for conv in [*control.controlnet_down_blocks, control.controlnet_mid_block]:
        nn.init.zeros_(conv.bias)
        conv.weight.copy_(strength * torch.eye(len(conv.weight))[:, :, None, None])
