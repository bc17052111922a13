"""The mission's network, layer for layer."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from sonolesion.train.models import ClassicUNet  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def mission_network() -> ClassicUNet:
    with torch.device("meta"):
        return ClassicUNet()


def test_parameters_are_those_of_the_mission_document(mission_network):
    assert sum(p.numel() for p in mission_network.parameters()) == 31_699_268


def test_blocks_have_the_published_widths(mission_network):
    widths = [block[0].out_channels for block in mission_network.encoder]
    assert widths == [64, 128, 256, 512]
    assert mission_network.bottleneck[3].out_channels == 1024
    ups = [(up.in_channels, up.out_channels) for up in mission_network.upsample]
    assert ups == [(1024, 512), (512, 256), (256, 128), (128, 64)]
    assert mission_network.mask_head.kernel_size == (1, 1)


def test_class_head_is_pool_512_256_3_with_dropout(mission_network):
    linear = [m for m in mission_network.class_head if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(1024, 512), (512, 256), (256, 3)]
    assert [m.p for m in mission_network.class_head if isinstance(m, nn.Dropout)] == [0.5, 0.3]


def test_convolutions_start_from_kaiming_normal():
    torch.manual_seed(0)
    weight = ClassicUNet(width=32).bottleneck[3].weight
    expected = (2.0 / (weight.shape[0] * 9)) ** 0.5
    assert weight.std().item() == pytest.approx(expected, rel=0.02)


def test_output_is_logits_of_the_input_size():
    network = ClassicUNet(width=2).eval()
    mask_logits, class_logits, _ = network(torch.rand(2, 1, 48, 64))
    assert mask_logits.shape == (2, 1, 48, 64)
    assert class_logits.shape == (2, 3)
    # probabilities would lie in [0, 1] and sum to 1
    assert not torch.allclose(class_logits.sum(1), torch.ones(2), atol=1e-3)


def test_every_parameter_gets_a_gradient():
    network = ClassicUNet(width=2)
    mask_logits, class_logits, _ = network(torch.rand(2, 1, 32, 32))
    (mask_logits.square().mean() + class_logits.square().mean()).backward()
    assert all(p.grad is not None for p in network.parameters())
