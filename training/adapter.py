"""`ip_adapter.safetensors`: the trained image branch under the names of the public IP-Adapter checkpoints.

`ip_adapter.<N>.to_k_ip.weight` and `to_v_ip`: N counts all attention processors of the UNet, so that cross-attentions are odd, in
module order, which is down, up, mid. `image_proj.*` is the token compression."""


def adapter_state(unet, compression):
    """The image branch of a UNet with MEPA (mepa.adapt), and its compression -> name -> tensor."""
    state = {f"image_proj.{k}": v for k, v in compression.state_dict().items()}
    for n, name in enumerate(unet.attn_processors):
        if ".attn2." in name:
            processor = unet.attn_processors[name]
            state |= {f"ip_adapter.{n}.{k}": v for k, v in processor.state_dict().items()}
    return state


def load_adapter(unet, compression, state):
    """The reverse; refuses tensors that are missing, left over or of another shape."""
    expected = adapter_state(unet, compression)
    shapes = lambda tensors: {k: tuple(v.shape) for k, v in tensors.items()}  # noqa: E731
    wrong = set(shapes(expected).items()) ^ set(shapes(state).items())
    if wrong:
        raise ValueError(f"adapter: {len(wrong)} tensors do not fit this UNet and compression, as {sorted(wrong)[:3]}")
    for name, tensor in expected.items():
        tensor.copy_(state[name])
