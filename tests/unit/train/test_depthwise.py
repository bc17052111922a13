from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sonolesion.train.depthwise import DepthwiseConv, speed_up_depthwise


def _gradients(layer: nn.Module, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    images = images.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(images)
    layer.zero_grad()
    (out.float() * torch.linspace(-1, 1, out.shape[-1])).sum().backward()
    weight = next(layer.parameters()).grad
    assert images.grad is not None
    assert weight is not None
    return out, images.grad, weight.clone()


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (5, 1), (5, 2)])
def test_same_output_and_gradients_as_the_layer_it_replaces(size: int, stride: int) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(8, 8, size, stride=stride, padding=size // 2, groups=8, bias=False)
    images = torch.randn(2, 8, 20, 24)
    expected = _gradients(plain, images)
    found = _gradients(DepthwiseConv(plain), images)
    assert found[0].dtype == torch.bfloat16
    for a, b in zip(found, expected, strict=True):
        # bfloat16 has 8 bits: the plain layer's own gradients are rounded
        torch.testing.assert_close(a.float(), b.float(), rtol=0.03, atol=0.03)


def test_gradients_are_those_of_float32_on_rounded_values() -> None:
    torch.manual_seed(1)
    plain = nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False)
    images = torch.randn(2, 4, 16, 16).bfloat16().float().requires_grad_()
    with torch.no_grad():
        plain.weight.copy_(plain.weight.bfloat16().float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        DepthwiseConv(plain)(images).float().sum().backward()
    assert plain.weight.grad is not None
    found = plain.weight.grad.clone()
    plain.weight.grad = None
    plain(images).sum().backward()
    # both sum 512 products in float32; only the last rounding to bfloat16 differs
    torch.testing.assert_close(found, plain.weight.grad, rtol=2**-8, atol=1e-3)


def test_float32_runs_the_plain_convolution() -> None:
    plain = nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False)
    images = torch.randn(1, 4, 16, 16)
    assert torch.equal(DepthwiseConv(plain)(images), plain(images))


def test_only_slow_depthwise_layers_are_replaced_and_names_stay() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3),
        nn.Sequential(
            nn.Conv2d(8, 8, 5, groups=8, bias=False), nn.Conv2d(8, 8, 3, groups=8, bias=False)
        ),
        nn.Conv2d(8, 8, 3, stride=2, groups=8, bias=False),
    )
    before = {name: value.clone() for name, value in network.state_dict().items()}
    speed_up_depthwise(network)
    kinds = [type(m) for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert kinds == [nn.Conv2d, DepthwiseConv, nn.Conv2d, DepthwiseConv]
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_padding_by_input_size_is_kept() -> None:
    timm_layers = pytest.importorskip("timm.layers")
    plain = timm_layers.Conv2dSame(4, 4, 3, stride=2, groups=4, bias=False)
    for side in (15, 16):
        images = torch.randn(1, 4, side, side)
        assert torch.equal(DepthwiseConv(plain)(images), plain(images))
