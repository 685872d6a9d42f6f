"""The decoder's stage: widening keeps the function, the critic sees what its docstring says."""
import torch
from diffusers import AutoencoderTiny

from critic import Critic, critic_loss, feature_distance
from widen import widened

SMALL = {"latent_channels": 4, "encoder_block_out_channels": [8] * 4, "decoder_block_out_channels": [8] * 4,
         "num_encoder_blocks": [0, 1, 1, 1], "num_decoder_blocks": [1, 1, 1, 0]}


def test_a_wider_decoder_draws_the_same_and_can_learn_more():
    torch.manual_seed(0)
    narrow = AutoencoderTiny(**SMALL, scaling_factor=0.7)
    wide = widened(narrow, {**SMALL, "decoder_block_out_channels": [12] * 4})
    latents = torch.randn(2, 4, 4, 4)
    torch.testing.assert_close(wide.decode(latents).sample, narrow.decode(latents).sample, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(wide.encode(latents[:, :3].repeat(1, 1, 8, 8)).latents, narrow.encode(latents[:, :3].repeat(1, 1, 8, 8)).latents)
    assert wide.config.scaling_factor == 0.7
    wide.decode(latents).sample.square().sum().backward()
    assert wide.decoder.layers[-1].weight.grad[:, 8:].abs().sum() > 0  # what the new channels say begins to count


def test_the_same_width_is_the_same_model():
    narrow = AutoencoderTiny(**SMALL)
    assert widened(narrow, SMALL) is narrow


def test_the_critic_scores_places_and_learns_to_tell():
    torch.manual_seed(0)
    critic = Critic()
    pictures, latents = torch.rand(2, 3, 32, 32), torch.randn(2, 4, 4, 4)
    score, features = critic(pictures, latents)
    assert score.shape == (2, 1, 4, 4) and len(features) == 5
    assert feature_distance(features, features) == 0
    optimiser = torch.optim.Adam(critic.parameters(), 1e-3)
    for _ in range(60):
        sharp = torch.rand(4, 3, 32, 32)
        soft = torch.nn.functional.avg_pool2d(sharp, 5, 1, 2)
        told = torch.nn.functional.avg_pool2d(sharp, 8)[:, :1].repeat(1, 4, 1, 1)
        loss = critic_loss(critic(sharp, told)[0], critic(soft, told)[0])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.5  # 2 is not knowing


def test_hinge():
    real, fake = torch.tensor([0.5, 3.0]), torch.tensor([-2.0, 0.0])
    assert critic_loss(real, fake) == 0.25 + 0.5
