"""What MEPA's image branch is: the names, the shapes and the numbers of the public format."""
import gzip
import json

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPVisionModel

import mepa
import objective
from adapter import adapter_state, load_adapter
from adapter_recipe import read_recipe
from average import Average
from resampler import Resampler
from tiny import RECIPE, TRAINING, UNET, write_recipe
from vision import PatchFlexibleVision

NETWORKS = TRAINING.parent / "test" / "fixtures" / "networks"


def test_sdxl_has_the_names_and_shapes_of_the_public_adapter():
    unet = json.loads(gzip.decompress((NETWORKS / "unet/sdxl/published.json.gz").read_bytes()))
    encoders = json.loads(gzip.decompress((NETWORKS / "published/encoders.json.gz").read_bytes()))
    published = unet["ip_adapter"]["tensors"] | encoders["ip_adapter_sdxl"]["tensors"]
    recipe = read_recipe(TRAINING / "sdxl.json")
    with torch.device("meta"):
        network = mepa.adapt(UNet2DConditionModel.from_config(unet["unet"]["config"]))
        state = adapter_state(network, Resampler(1280, output=2048, **recipe.compression))
    assert {k: list(v.shape) for k, v in state.items()} == published


def test_the_papers_numbers():
    recipe = read_recipe(TRAINING / "sdxl.json")
    assert (recipe.steps, recipe.batch, recipe.rate, recipe.weightDecay, recipe.side) == (1_000_000, 8, 1e-4, 0.01, 512)
    assert (recipe.textOnly, recipe.mask, recipe.fusion) == (0.05, 0.5, "query")


@pytest.mark.parametrize(("change", "message"), [({"mask": 1.5}, "mask: expected 0"), ({"fusion": "mix"}, "fusion: expected one of"),
                                                 ({"more": 1}, "unknown .'more'"), ({"precision": "float8"}, "precision")])
def test_a_wrong_recipe_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read_recipe(write_recipe(tmp_path / "recipe.json", **change))


@pytest.mark.parametrize("dropped", ["zero", "exclude"])
@pytest.mark.parametrize("hidden_state", ["last", "penultimate"])
@torch.no_grad()
def test_vision_and_resampler_compute_what_the_reference_computes(dropped, hidden_state):
    cases = load_file(NETWORKS / "compression/cases.safetensors")
    state = load_file(NETWORKS / "compression/resampler/ip_adapter.safetensors")
    resampler = Resampler(24, queries=6, inner=20, layers=4, heads=2, output=28)
    resampler.load_state_dict({k.removeprefix("image_proj."): v for k, v in state.items() if k.startswith("image_proj.")})
    vision = PatchFlexibleVision(CLIPVisionModel.from_pretrained(NETWORKS / "compression/image_encoder"), dropped, hidden_state)
    mask = cases["patch_mask"]
    tokens = resampler(vision(cases["pixel_values"], mask), vision.visible(mask))
    assert (tokens - cases[f"resampler.{dropped}.{hidden_state}.image_tokens"]).abs().max() < 1e-4


def test_a_branch_goes_through_its_file_and_a_misfit_is_refused():
    torch.manual_seed(1)
    branch = lambda: (mepa.adapt(UNet2DConditionModel(**UNET)), Resampler(24, output=24, **RECIPE["compression"]))  # noqa: E731
    first, second = branch(), branch()
    state = {k: v.clone() for k, v in adapter_state(*first).items()}
    load_adapter(*second, state)
    assert all(torch.equal(v, state[k]) for k, v in adapter_state(*second).items())
    with pytest.raises(ValueError, match="image_proj.norm_out.bias"):
        load_adapter(*second, {k: v for k, v in state.items() if k != "image_proj.norm_out.bias"})


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_objective_is_what_diffusers_schedulers_expect(prediction):
    torch.manual_seed(2)
    scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction,
                              clip_sample=False, set_alpha_to_one=False)
    clean, noise, timestep = torch.randn(3, 4, 8, 8), torch.randn(3, 4, 8, 8), torch.tensor([1, 400, 999])
    noisy, levels = objective.noised(clean, noise, timestep, scheduler.alphas_cumprod)
    assert torch.allclose(noisy, scheduler.add_noise(clean, noise, timestep), atol=1e-6)
    wanted = objective.target(prediction, clean, noise, levels)
    scheduler.set_timesteps(1000)
    found = [scheduler.step(wanted[i], int(t), noisy[i]).pred_original_sample for i, t in enumerate(timestep)]
    assert torch.allclose(torch.stack(found), clean, atol=2e-4)


def test_the_average_follows_what_is_trained_only():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2).requires_grad_(False))
    average = Average(model, limit=0.9)
    expected = model[0].weight.detach().numpy().copy()
    for step in range(1, 40):
        with torch.no_grad():
            model[0].weight.add_(1)
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * model[0].weight.detach().numpy()
    assert list(average.state()) == ["0.weight", "0.bias"]
    assert np.abs(average.state()["0.weight"].numpy() - expected).max() < 1e-4
