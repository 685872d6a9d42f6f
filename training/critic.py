"""The critic of the decoder: for each place of a picture, whether it looks rendered or decoded."""
import torch
from torch import nn
from torch.nn.functional import leaky_relu


class Critic(nn.Module):
    """A patch discriminator (Isola et al. 2017) with group norms that is told the latents.

    pictures [B,3,H,W] in [-1,1], latents [B,4,H/8,W/8] -> scores [B,1,H/8,W/8], and the features [B,C,h,w] of every layer before."""

    def __init__(self, latent_channels=4, widths=(32, 64, 96, 128)):
        super().__init__()
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for width in widths[1:])
        self.told = nn.Conv2d(latent_channels, widths[-1], 1)
        self.joined = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.score = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, pictures, latents):
        features = [leaky_relu(self.first(pictures), 0.2)]
        for down, norm in zip(self.down, self.norms):
            features.append(leaky_relu(norm(down(features[-1])), 0.2))
        features.append(leaky_relu(self.joined(features[-1] + self.told(latents)), 0.2))
        return self.score(features[-1]), features


def critic_loss(real, fake):
    """Hinge: rendered above 1, decoded below −1 (Lim and Ye 2017)."""
    return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()


def feature_distance(real, fake):
    """Mean |difference| of the critic's features, layers alike (Wang et al. 2018); the stand-in for a pretrained perceptual loss."""
    return sum((a.detach() - b).abs().mean() for a, b in zip(real, fake)) / len(real)
