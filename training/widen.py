"""A wider decoder that draws what the narrow one drew, to go on from."""
import torch
from diffusers import AutoencoderTiny


@torch.no_grad()
def widened(model, config):
    """`model` with the decoder widths of `config`. New channels begin at random and are heard by nobody yet: the function is
    the same, and training finds a use for them (Net2Net, arXiv 1511.05641, in its simplest form)."""
    if list(model.config.decoder_block_out_channels) == list(config["decoder_block_out_channels"]):
        return model
    wide = AutoencoderTiny(**{**config, "scaling_factor": model.config.scaling_factor})
    if any(new < old for new, old in zip(config["decoder_block_out_channels"], model.config.decoder_block_out_channels)):
        raise ValueError(f"decoder_block_out_channels: expected {model.config.decoder_block_out_channels} or wider, got {config['decoder_block_out_channels']}")
    narrow = model.state_dict()
    for name, value in wide.state_dict().items():
        old = narrow[name]
        if old.shape != value.shape:
            value[: len(old)] = 0  # the old outputs do not hear the new channels
        value[tuple(slice(n) for n in old.shape)] = old
    return wide
