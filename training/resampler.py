"""Token compression of IP-Adapter-plus (R5): a Perceiver resampler, under the names of the public checkpoints."""
import torch
import torch.nn.functional as F
from torch import nn

from mepa import attend
from vision import DROPPED_BIAS, running_dtype

HEAD_WIDTH = 64  # the public checkpoints fix it and write it nowhere


class Resampler(nn.Module):
    """latents ← latents + Attn(latents, [x; latents]); latents ← latents + FF(latents), with x = W_in Z; tokens = LN(W_out latents).

    width: of the vision encoder; queries c and inner width of the latents; output: D of the image tokens."""

    def __init__(self, width, queries, inner, layers, heads, output):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(1, queries, inner) * inner**-0.5)
        self.proj_in = nn.Linear(width, inner)
        self.layers = nn.ModuleList(nn.ModuleList([PerceiverAttention(inner, heads), feed_forward(inner)]) for _ in range(layers))
        self.proj_out = nn.Linear(inner, output)
        self.norm_out = nn.LayerNorm(output)

    def forward(self, z, visible):
        """z [B,N+1,Cv] (class token first), visible [B,N] -> image tokens [B,c,D]."""
        x = self.proj_in(z)
        latents = self.latents.expand(len(x), -1, -1)
        seen = F.pad(visible, (1, latents.shape[1]), value=1.0)  # the class token and the latents always are
        bias = ((1 - seen) * DROPPED_BIAS)[:, None, None, :].to(running_dtype(x))
        for attention, forward in self.layers:
            latents = latents + attention(x, latents, bias)
            latents = latents + forward(latents)
        return self.norm_out(self.proj_out(latents))


class PerceiverAttention(nn.Module):
    """softmax(QKᵀ/√d + bias)V with Q linear in LN₂ latents, K and V linear in [LN₁ x; LN₂ latents]."""

    def __init__(self, inner, heads):
        super().__init__()
        self.heads = heads
        width = heads * HEAD_WIDTH
        self.norm1 = nn.LayerNorm(inner)
        self.norm2 = nn.LayerNorm(inner)
        self.to_q = nn.Linear(inner, width, bias=False)
        self.to_kv = nn.Linear(inner, 2 * width, bias=False)
        self.to_out = nn.Linear(width, inner, bias=False)

    def forward(self, x, latents, bias):
        queries = self.norm2(latents)
        key, value = self.to_kv(torch.cat([self.norm1(x), queries], 1)).chunk(2, -1)
        return self.to_out(attend(self.heads, self.to_q(queries), key, value, bias))


def feed_forward(inner):
    """W₃ gelu(W₁ LN₀ x), four times as wide inside."""
    return nn.Sequential(nn.LayerNorm(inner), nn.Linear(inner, 4 * inner, bias=False), nn.GELU(),
                         nn.Linear(4 * inner, inner, bias=False))
