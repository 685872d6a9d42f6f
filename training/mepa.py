"""Mask Encoder Prompt Adapter (paper 3.3): masked, decoupled cross-attention over text and image tokens."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import AttnProcessor
from torch import nn

# Gates [q, f_t, f_i] and image scale λ of the named fusions (R7).
FUSIONS = {"query": (1, 0, 0, 1), "output": (0, 1, 1, 1), "global": (0, 0, 0, 1), "text": (0, 0, 0, 0)}


@dataclass
class MaskPyramid:
    """MA of Eq. 5 at every attention resolution, with the gates of the fusion.

    levels: tokens in a level (h·w) -> soft mask [B, h·w, 1]; gates: [B, 3, 1, 1] = q, f_t, f_i; scale: λ [B, 1, 1]."""

    levels: dict
    gates: torch.Tensor
    scale: torch.Tensor


def mask_pyramid(query_mask, gates, scale, levels=3):
    """R6: the mask has the strides of the network. query_mask [B,1,h,w] at latent size; pooled by 2 per UNet level."""
    pyramid = {}
    for _ in range(levels):
        pyramid[query_mask.shape[2] * query_mask.shape[3]] = query_mask.flatten(2).transpose(1, 2)
        query_mask = F.avg_pool2d(query_mask, 2)
    return MaskPyramid(pyramid, gates[:, :, None, None], scale[:, None, None])


class MaskEncoderPromptAttention(nn.Module):
    """A = (1 − f_t·M)·softmax((1 − q·H)·Q·K_tᵀ/√d)V_t + λ·(1 − f_i·(1−M))·softmax((1 − q·(1−H))·Q·K_iᵀ/√d)V_i

    M is the soft mask of the level, H = M ≥ 0.5. Gates [1,0,0] are Eq. 6, [0,0,0] Eq. 4. A diffusers attention processor;
    the weights are to_k_ip, to_v_ip: [inner, cross dim] each."""

    def __init__(self, attention):
        super().__init__()
        inner, cross = attention.to_k.weight.shape
        self.to_k_ip = nn.Linear(cross, inner, bias=False)
        self.to_v_ip = nn.Linear(cross, inner, bias=False)
        self.to_k_ip.weight.data.copy_(attention.to_k.weight.data)  # 3.3: W_ki, W_vi start from W_kt, W_vt
        self.to_v_ip.weight.data.copy_(attention.to_v.weight.data)

    def __call__(self, attention, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None,
                 ip_hidden_states=None, ip_adapter_masks=None):
        """hidden_states [B,HW,C], encoder_hidden_states [B,L,D], ip_hidden_states [B,c,D], ip_adapter_masks MaskPyramid."""
        m = ip_adapter_masks.levels[hidden_states.shape[1]]
        q, text_gate, image_gate = ip_adapter_masks.gates.unbind(1)
        hard = (m >= 0.5).to(m.dtype)
        query = attention.to_q(hidden_states)
        text = attend(attention.heads, (1 - q * hard) * query, attention.to_k(encoder_hidden_states),
                      attention.to_v(encoder_hidden_states))
        image = attend(attention.heads, (1 - q * (1 - hard)) * query, self.to_k_ip(ip_hidden_states),
                       self.to_v_ip(ip_hidden_states))
        out = (1 - text_gate * m) * text + ip_adapter_masks.scale * (1 - image_gate * (1 - m)) * image
        return attention.to_out[1](attention.to_out[0](out))


def install(unet):
    """For a UNet that trains on a CPU: the adapter in its cross-attentions, the plain processor in its self-attentions."""
    return adapt(plain_attention(unet))


def adapt(unet):
    """Put the adapter in every cross-attention (attn2) of the UNet."""
    for name, module in list(unet.named_modules()):
        if name.endswith("attn2"):
            module.set_processor(MaskEncoderPromptAttention(module))
    return unet


def plain_attention(network):
    """Two matrix products and a softmax: a third faster in training than the fused CPU kernel at L ≤ 256."""
    network.set_attn_processor(AttnProcessor())
    return network


def attend(heads, query, key, value, bias=None):
    """softmax(QKᵀ/√d + bias)V over heads. query [B,N,C], key and value [B,L,C], bias [B,1,1,L] -> [B,N,C].

    Written out on a CPU, since at these sizes (L ≤ 257) its fused kernel takes longer than two products and a softmax."""
    def split(x):
        return x.unflatten(2, (heads, -1)).transpose(1, 2)
    q, k, v = split(query.to(value.dtype)), split(key), split(value)
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2).flatten(2)
    scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
    weights = torch.softmax(scores if bias is None else scores + bias, -1).to(v.dtype)
    return (weights @ v).transpose(1, 2).flatten(2)
