"""What the engine does with hidden pixels before any network sees them: painted over from their surroundings."""
import torch
import torch.nn.functional as F


def paint_over(image, keep):
    """image [B,3,H,W], keep [B,1,H,W] in {0,1} -> image with every dropped pixel interpolated from the kept ones.

    Push-pull (Gortler et al. 1996, §4), as server/image/fill.ts: sums of 2×2 blocks, a weight above 1 scaled back to 1; then
    from coarse to fine, what a level lacks comes from the bilinear interpolation of the next. Mid grey where nothing is kept."""
    levels = [torch.cat([image * keep, keep], 1)]
    while max(levels[-1].shape[2:]) > 1:
        sums = F.avg_pool2d(levels[-1], 2, ceil_mode=True, divisor_override=1)
        levels.append(sums / sums[:, 3:].clamp(min=1))
    filled = levels.pop()
    while levels:
        fine = levels.pop()
        coarse = F.interpolate(filled, fine.shape[2:], mode="bilinear", align_corners=False)
        filled = fine + (1 - fine[:, 3:]) * coarse
    colour = torch.where(filled[:, 3:] > 0, filled[:, :3] / filled[:, 3:].clamp(min=1e-12), 0.5)
    return torch.where(keep > 0, image, colour)
