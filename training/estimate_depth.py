"""The depths that the ControlNet is trained on: the depth network's own estimates, as at inference, not the renderer's truth."""
import hashlib

import torch
from transformers import DepthAnythingForDepthEstimation

from conditions import dilate
from config import CACHE, DEVICE, RUNS
from paint_over import paint_over
from train_depth import SIDE, normalise, resize

NEUTRAL = 192 / 255  # behind a cut-out product, as server/pipeline/generate.ts


@torch.no_grad()
def estimated_depth(scenes):
    """uint8 [N,256,256] twice: the scene without its product (painted over), and the product alone. Kept on disk."""
    model = DepthAnythingForDepthEstimation.from_pretrained(RUNS / "depth").to(DEVICE).eval()
    key = hashlib.sha256(str([r["id"] for r in scenes.records]).encode())
    for value in model.state_dict().values():
        key.update(value.cpu().numpy().tobytes())
    path = CACHE / f"depth-{key.hexdigest()[:16]}.pt"
    if path.exists():
        return torch.load(path)
    layouts, products = [], []
    for images, masks in zip(scenes.images.split(16), scenes.product.split(16)):
        rgb = images.permute(0, 3, 1, 2).float() / 255
        product = masks[:, None].float() / 255
        layouts.append(estimate(model, paint_over(rgb, 1 - dilate(masks[:, None] > 127))))
        products.append(estimate(model, rgb * product + NEUTRAL * (1 - product)))
    found = torch.cat(layouts), torch.cat(products)
    torch.save(found, path)
    return found


def estimate(model, rgb):
    """rgb [B,3,256,256] in [0,1] -> disparity, uint8 [B,256,256]."""
    disparity = model(normalise(resize(rgb)).to(DEVICE)).predicted_depth[:, None].cpu()
    full = torch.nn.functional.interpolate(disparity, rgb.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    return (full.clamp(0, 1) * 255).round().byte()
