"""The mini recipe's checkpoint: interrupted runs of earlier versions go on, so its keys and their meaning stay."""
from types import SimpleNamespace

import torch

import train_diffusion
from average import Average
from models import Backdrop


def test_a_stage_goes_on_from_its_checkpoint(tmp_path):
    torch.manual_seed(4)
    model = Backdrop(400, 399)
    fresh = {"steps_before": 10, "samples_before": 320, "average": None}
    optimiser = SimpleNamespace(state_dict=lambda: {"state": {}})
    average = Average(model, fresh["average"])
    path = tmp_path / "runs" / "base.pt"
    train_diffusion.save(path, model, average, optimiser, fresh, 7, 32, SimpleNamespace(used=60.0))
    saved = torch.load(path)
    assert set(saved) == {"model", "average", "optimiser", "step", "steps_before", "samples_before", "samples", "seconds"}
    assert (saved["step"], saved["steps_before"], saved["samples"], saved["seconds"]) == (7, 10, 320 + 7 * 32, 60.0)
    assert saved["average"].keys() == dict(model.named_parameters()).keys()
    restored, state = train_diffusion.restore("base", path, 400, 399, resume=True)
    assert all(torch.equal(v, saved["model"][k].to(v.device)) for k, v in restored.state_dict().items())
    assert (state["step"], state["seconds"]) == (7, 60.0)
    assert all(torch.equal(v, saved["average"][k]) for k, v in state["average"].items())
