"""Reference picture -> image tokens: Patch Flexible Visibility (paper 3.2) and token compression (Eq. 3)."""
import torch
import torch.nn.functional as F
from torch import nn

DROPPED_BIAS = -1e4


def patch_visibility(keep, patch, tau):
    """D -> D_p (R1, R2): a patch with more than τ of its pixels dropped is dropped, else it is kept whole.

    keep: D [B,1,H,W] in {0,1}, 1 = keep -> [B, N] with N = HW/P²."""
    dropped = 1 - F.avg_pool2d(keep, patch)
    return (dropped <= tau).to(keep.dtype).flatten(1)


class PatchFlexibleVision(nn.Module):
    """A CLIP vision encoder that sees only the kept patches.

    `clip` is a transformers CLIPVisionModel; its post_layernorm is not used. dropped (R4): `zero` leaves the zeros of dropped
    patches in the sequence, `exclude` hides them from self-attention as well. hidden_state: `last`, or `penultimate`, before
    the last layer."""

    def __init__(self, clip, dropped="exclude", hidden_state="last"):
        super().__init__()
        clip.post_layernorm = nn.Identity()
        self.clip = clip
        self.excludes = {"exclude": True, "zero": False}[dropped]
        self.layers = len(clip.encoder.layers) - {"last": 0, "penultimate": 1}[hidden_state]

    def forward(self, pixel_values, patch_mask):
        """Normalised pixels [B,3,S,S], patch_mask [B,N] with 1 = keep -> hidden states [B,N+1,C].

        Eq. 1: z = Conv(pixels) · D_z. The projection has no bias, so masking the pixels too would change nothing.
        The class token stays."""
        embeddings = self.clip.embeddings
        z = embeddings.patch_embedding(pixel_values).flatten(2).transpose(1, 2) * patch_mask[..., None]
        z = torch.cat([embeddings.class_embedding.expand(len(z), 1, -1), z], 1) + embeddings.position_embedding.weight
        z = self.clip.pre_layrnorm(z)
        kept = F.pad(self.visible(patch_mask), (1, 0), value=1.0)
        bias = ((1 - kept) * DROPPED_BIAS)[:, None, None, :].expand(-1, -1, z.shape[1], -1)
        for layer in self.clip.encoder.layers[:self.layers]:
            z = layer(z, attention_mask=bias.to(running_dtype(z)))
        return z

    def visible(self, patch_mask):
        """Which patch tokens may be attended to [B,N]: the kept ones, or with `zero` all."""
        return patch_mask if self.excludes else torch.ones_like(patch_mask)


def running_dtype(x):
    """What autocast computes in on x's device, else x's own type."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


class LinearCompression(nn.Module):
    """Eq. 3: Z' = Q·Zᵀ·Z / n with projections and norms (R5). c learned queries replace N+1 patch tokens."""

    def __init__(self, width, queries, inner, output):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(1, queries, inner) * inner**-0.5)
        self.norm_in = nn.LayerNorm(width)
        self.to_k = nn.Linear(width, inner, bias=False)
        self.to_v = nn.Linear(width, inner, bias=False)
        self.proj_out = nn.Linear(inner, output)
        self.norm_out = nn.LayerNorm(output)

    def forward(self, z, patch_mask):
        """z [B,N+1,Cv] (class token first), patch_mask [B,N] -> image tokens [B,c,D]."""
        kept = F.pad(patch_mask, (1, 0), value=1.0)[..., None]
        z = self.norm_in(z)
        k, v = self.to_k(z) * kept, self.to_v(z) * kept
        n = kept.sum(1, keepdim=True).clamp(min=1)
        return self.norm_out(self.proj_out(self.latents @ (k.transpose(1, 2) @ v / n)))
