"""How pictures become the inputs of SDXL: against diffusers where it has the same thing, and every input matters."""
from types import SimpleNamespace

import pytest
import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch.utils.data import default_collate
from transformers import CLIPVisionConfig, CLIPVisionModel, CLIPVisionModelWithProjection

from adapter import load_adapter
from adapter_recipe import read_recipe
from frozen import Frozen, ImageBranch, load
from pictures import Pictures
from tiny import RECIPE, TRAINING, write_package, write_recipe


@pytest.fixture(scope="module")
def frozen(package):
    return Frozen(package, torch.float32, torch.device("cpu"), True)


@pytest.fixture(scope="module")
def branch(package):
    made = ImageBranch(package, RECIPE["compression"], torch.float32, False)
    load_adapter(made.unet, made.compression, load_file(package / "ip_adapter.safetensors"))
    return made


@pytest.fixture
def batch(pictures, tmp_path):
    """Two samples with all conditions, D half and half."""
    recipe = read_recipe(write_recipe(tmp_path / "recipe.json", textOnly=0, dropCaption=0, dropAll=0, control=1, referenceAnother=0))
    sample = default_collate([Pictures(pictures, recipe, 1000, 4)[place] for place in (0, 1)])
    keep = torch.ones_like(sample.keep)
    keep[..., 32:] = 0
    product = torch.zeros_like(keep)
    product[..., 40:56, 24:40] = 1
    return sample._replace(keep=keep, product=product)


@torch.no_grad()
def predict(frozen, branch, batch):
    return branch(frozen.inputs(batch, 0.1))


class Tokenizer:
    """Ours, called as diffusers calls one of transformers."""

    added_tokens_encoder = {}

    def __init__(self, tokens):
        self.tokens, self.model_max_length = tokens, tokens.length

    def __call__(self, texts, **_):
        return SimpleNamespace(input_ids=self.tokens(texts))

    def tokenize(self, text):
        return text.split()


def test_encoders_load_under_the_names_of_public_checkpoints(tmp_path):
    """With the prefix `vision_model.`, the projection and position ids; the mini package without the last norm."""
    torch.manual_seed(6)
    sizes = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=8, patch_size=4, projection_dim=4)
    published = CLIPVisionModelWithProjection(CLIPVisionConfig(**sizes))
    published.save_pretrained(tmp_path)
    state = {f"vision_model.{k}": v for k, v in published.vision_model.state_dict().items() if not k.startswith("vision_model.")}
    state |= {"visual_projection.weight": published.visual_projection.weight.data, "vision_model.embeddings.position_ids": torch.arange(5)[None]}
    save_file({k: v.contiguous() for k, v in state.items()}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    found = load(CLIPVisionModel, tmp_path).state_dict()
    assert all(torch.equal(found[k], v) for k, v in published.vision_model.state_dict().items())
    mini = TRAINING.parent / "models" / "mini" / "image_encoder"
    weight = load_file(mini / "model.safetensors")["vision_model.encoder.layers.0.mlp.fc1.weight"]
    assert torch.equal(load(CLIPVisionModel, mini, dtype=torch.float32).state_dict()["encoder.layers.0.mlp.fc1.weight"], weight.float())


def test_text_is_what_diffusers_encodes(frozen, package):
    captions = ["a jar on wood", "blue light cream stone wood jar on a"]
    unet = UNet2DConditionModel.from_pretrained(package / "unet")
    pipeline = StableDiffusionXLPipeline(frozen.vae, *frozen.text, *map(Tokenizer, frozen.tokenizers), unet, frozen.scheduler)
    text, _, pooled, _ = pipeline.encode_prompt(captions, do_classifier_free_guidance=False)
    found = frozen.encode_text(captions, torch.tensor([False, False]))
    assert torch.allclose(found[0], text, atol=1e-6) and torch.allclose(found[1], pooled, atol=1e-6)
    dropped = frozen.encode_text(captions, torch.tensor([True, False]))
    assert not dropped[0][0].any() and not dropped[1][0].any() and torch.equal(dropped[0][1], found[0][1])


def test_prompts_are_padded_as_each_tokenizer_says(frozen):
    ids = [tokenizer(["a jar"]).tolist()[0] for tokenizer in frozen.tokenizers]
    assert ids == [[9, 1, 2, 10, 10, 10, 10, 10], [9, 1, 2, 10, 0, 0, 0, 0]]
    assert frozen.tokenizers[0](["a " * 20]).tolist()[0] == [9, 1, 1, 1, 1, 1, 1, 10]


def test_global_fusion_is_diffusers_ip_adapter(frozen, branch, batch, package):
    """The same weights through diffusers' own loader and processors: names, order and Eq. 4 agree."""
    x = frozen.inputs(batch._replace(gates=torch.zeros(2, 3), scale=torch.full((2,), 1.0)), 0.1)
    state = load_file(package / "ip_adapter.safetensors")
    unet = UNet2DConditionModel.from_pretrained(package / "unet", torch_dtype=torch.float32)
    split = {part: {k.removeprefix(f"{part}."): v.float() for k, v in state.items() if k.startswith(f"{part}.")}
             for part in ("image_proj", "ip_adapter")}
    unet._load_ip_adapter_weights([split], low_cpu_mem_usage=False)
    with torch.no_grad():
        theirs = unet(x.noisy, x.timestep, x.text, added_cond_kwargs=x.added | {"image_embeds": [x.vision[:, None]]},
                      down_block_additional_residuals=x.down, mid_block_additional_residual=x.mid).sample
        ours = branch(x)
    assert (ours - theirs).abs().max() < 1e-5


def test_every_condition_matters(frozen, branch, batch):
    before = predict(frozen, branch, batch)
    hidden = torch.ones_like(batch.keep)
    hidden[..., :32] = 0
    changes = {
        "reference": {"reference": 255 - batch.reference}, "D": {"keep": hidden}, "caption": {"caption": ["stone", "stone"]},
        "dropped caption": {"drop_caption": torch.tensor([True, True])}, "dropped reference": {"drop_reference": torch.tensor([True, True])},
        "control": {"control": torch.zeros(2)}, "product": {"product": batch.product.flip(2)}, "time ids": {"time_ids": batch.time_ids + 64},
        "fusion": {"gates": torch.zeros(2, 3)}, "λ": {"scale": torch.zeros(2)}, "timestep": {"timestep": batch.timestep // 2},
        "noise": {"noise": -batch.noise},
    }
    same = [name for name, change in changes.items() if (predict(frozen, branch, batch._replace(**change)) - before).abs().amax() < 1e-3]
    assert same == []


def test_the_dropped_reference_is_a_picture_of_zeros_seen_whole(frozen, batch):
    pixels, patch_mask = frozen.reference(batch._replace(drop_reference=torch.tensor([True, False])), 0.1)
    assert not pixels[0].any() and patch_mask[0].all()
    assert pixels[1].any() and patch_mask[1].reshape(4, 4).tolist() == [[1, 1, 0, 0]] * 4


def test_the_control_picture_shows_the_product_before_what_d_lets_through(frozen, batch):
    picture = frozen.control_picture(batch)
    assert picture.shape == (2, 3, 64, 64) and torch.equal(picture[:, 0], picture[:, 2])
    product, visible = batch.product > 0, batch.keep * (1 - batch.product) > 0
    grey = picture[:, :1]
    assert not grey[~product & ~visible].any()
    assert grey[product].max() == 1  # `relative`: the nearest point of each is 1
    assert all((grey[i][product[i]].max() == 1) and grey[i][visible[i]].any() for i in range(2))


def test_the_velocity_is_the_target_where_the_scheduler_says_so(tmp_path, batch, frozen):
    write_package(tmp_path / "velocity", prediction="v_prediction")
    other = Frozen(tmp_path / "velocity", torch.float32, torch.device("cpu"), False)
    x = other.inputs(batch, 0.1)
    clean = other.latents(batch.image, batch.latent_noise)
    assert torch.allclose(x.target, other.scheduler.get_velocity(clean, batch.noise, batch.timestep), atol=1e-5)
    assert torch.equal(frozen.inputs(batch, 0.1).target, batch.noise)
