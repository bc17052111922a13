from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from sonolesion.config import ModelSettings  # noqa: E402
from sonolesion.errors import TrainingError  # noqa: E402
from sonolesion.train.fold_norm import fold_norms  # noqa: E402
from sonolesion.train.models import build_model  # noqa: E402

pytestmark = pytest.mark.torch


def _with_statistics(network: nn.Module) -> nn.Module:
    """Give each batch normalisation statistics and weights of its own."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    return network.eval()


@torch.no_grad()
def test_one_convolution_worked_out_by_hand() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)).eval()
    network[0].weight.fill_(3.0)
    network[0].bias.fill_(1.0)
    network[1].running_mean.fill_(2.0)
    network[1].running_var.fill_(4.0)
    network[1].weight.fill_(6.0)
    network[1].bias.fill_(5.0)
    assert fold_norms(network) == 1
    # 6 * (3 x + 1 - 2) / 2 + 5 = 9 x + 2
    assert (network[0].weight.item(), network[0].bias.item()) == (9.0, 2.0)
    assert network(torch.full((1, 1, 1, 1), 10.0)).item() == 92.0


@pytest.mark.parametrize("name", ["classic_unet", "encoder_unet"])
@torch.no_grad()
def test_a_network_computes_the_same_with_identities_left(name: str) -> None:
    if name == "encoder_unet":
        pytest.importorskip("timm", reason="pip install -e '.[backbones]'")
    settings = ModelSettings(name=name, width=4, pretrained=False)
    network = _with_statistics(build_model(settings))
    images = torch.rand(1, 1, 64, 96)
    before = network(images)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert fold_norms(network) == len(norms) > 0
    for old, new in zip(before, network(images), strict=True):
        torch.testing.assert_close(new, old, rtol=1e-4, atol=1e-4)
    assert all(float(m.running_var.min()) == 1.0 and m.eps == 0.0 for m in norms)
    assert fold_norms(network) == len(norms)  # folding an identity changes nothing


def test_a_normalisation_after_something_else_stays() -> None:
    network = _with_statistics(nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.BatchNorm2d(2)))
    var = network[2].running_var.clone()
    assert fold_norms(network) == 0
    assert torch.equal(network[2].running_var, var)


class _Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(1, 1, 1)
        self.norm = nn.BatchNorm2d(1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        out = self.convolve(images)
        return out, self.norm(out)


def test_an_output_that_is_used_twice_is_refused() -> None:
    with pytest.raises(TrainingError, match="cannot be folded"):
        fold_norms(_with_statistics(_Shared()))
