"""What a sample is made of: the crop, the masks, and chance that depends on nothing but the sample's place."""
import json

import numpy as np
import pytest
import torch
from PIL import Image

from adapter_recipe import read_recipe
from pictures import Pictures, Sample, places
from tiny import SIDE, write_recipe


def recipe(tmp_path, **changes):
    return read_recipe(write_recipe(tmp_path / "recipe.json", **changes))


def test_the_places_of_a_step_do_not_depend_on_how_it_is_shared_out():
    shared = [list(places(range(3, 5), 2, 2, rank, 2)) for rank in range(2)]
    alone = list(places(range(3, 5), 8, 1, 0, 1))
    for step in range(2):
        together = [p for rank in range(2) for part in shared[rank][2 * step:2 * step + 2] for p in part]
        assert sorted(together) == alone[step]
    assert list(places(range(1, 4), 2, 1, 0, 1))[1:] == list(places(range(2, 4), 2, 1, 0, 1))


def test_a_place_is_always_the_same_sample_and_an_epoch_has_every_picture(pictures, tmp_path):
    first, second = (Pictures(pictures, recipe(tmp_path), 1000, 4) for _ in range(2))
    second[3]
    for a, b in zip(first[7], second[7]):
        assert torch.equal(a, b) if torch.is_tensor(a) else a == b
    assert not torch.equal(first[7].noise, first[8].noise)
    sizes = {tuple(first[place].time_ids.tolist()) for place in range(6)}
    assert len(sizes) == 6


def test_shares_are_the_recipes(tmp_path, pictures):
    data = Pictures(pictures, recipe(tmp_path, textOnly=0.05, mask=0.5, maskProduct=0.5), 1000, 4)
    product = torch.zeros(1, SIDE, SIDE)
    product[:, 20:40, 20:40] = 1
    drawn = [data.visibility(product, False, np.random.default_rng(i)) for i in range(4000)]
    text_only = np.mean([not keep.any() for keep in drawn])
    whole = np.mean([bool(keep.all()) for keep in drawn])
    # The product with its margin of 2 px and nothing else; a random rectangle is never just that.
    inside = torch.zeros_like(product)
    inside[:, 18:42, 18:42] = 1
    product_only = np.mean([torch.equal(1 - keep, inside) for keep in drawn])
    # Three standard deviations of 4,000 draws.
    assert text_only == pytest.approx(0.05, abs=0.011)
    assert whole == pytest.approx(0.95 * 0.5, abs=0.024)
    assert product_only == pytest.approx(0.95 * 0.25, abs=0.021)


def test_another_pictures_product_is_always_hidden(tmp_path, pictures):
    data = Pictures(pictures, recipe(tmp_path, textOnly=0, mask=0), 1000, 4)
    product = torch.zeros(1, SIDE, SIDE)
    product[:, 20:40, 20:40] = 1
    keep = data.visibility(product, True, np.random.default_rng(0))
    assert (keep * product).sum() == 0 and keep.sum() == SIDE**2 - 24**2


def test_picture_mask_and_depth_get_one_crop_and_the_time_ids_tell_it(tmp_path):
    height, width = 2 * SIDE, 3 * SIDE
    mask = np.zeros((height, width), np.uint8)
    mask[40:90, 70:110] = 255
    Image.fromarray(mask).convert("RGB").save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "a.mask.png")
    Image.fromarray(mask.astype(np.uint16) * 257).save(tmp_path / "a.depth.png")
    (tmp_path / "list.jsonl").write_text(json.dumps({"id": "a", "captions": ["a jar"]}))
    data = Pictures(tmp_path, recipe(tmp_path, side=SIDE), 1000, 4)
    pixels, product, disparity, time_ids = data.read(data.records[0])
    assert time_ids.tolist() == [height, width, 0, SIDE // 4, SIDE, SIDE]
    # 70 … 110 of 192 is 35 … 55 at half size, less the 16 px that the crop takes; 40 … 90 is 20 … 45.
    expected = torch.zeros(SIDE, SIDE)
    expected[20:45, 19:39] = 1
    for plane in (pixels[0].float() / 255, product[0], disparity[0]):
        assert ((plane > 0.5).float() != expected).sum() == 0


def test_a_mask_of_another_size_is_refused(tmp_path):
    Image.new("RGB", (80, 80)).save(tmp_path / "a.png")
    Image.new("L", (40, 40)).save(tmp_path / "a.mask.png")
    (tmp_path / "list.jsonl").write_text(json.dumps({"id": "a", "captions": ["a jar"]}))
    data = Pictures(tmp_path, recipe(tmp_path), 1000, 4)
    with pytest.raises(ValueError, match="a.mask.png: expected the picture's size 80×80, got 40×40"):
        data[0]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="found no line"):
        Pictures(tmp_path, recipe(tmp_path), 1000, 4)


def test_samples_are_batched_by_torch(tmp_path, pictures):
    data = Pictures(pictures, recipe(tmp_path), 1000, 4)
    batch = next(iter(torch.utils.data.DataLoader(data, batch_sampler=places(range(1), 3, 1, 0, 1))))
    assert isinstance(batch, Sample) and len(batch.caption) == 3
    assert batch.noise.shape == (3, 4, SIDE // 8, SIDE // 8) and batch.timestep.dtype == torch.int64
