"""Fold batch normalisation into the convolution before it, for a network that learns no more.

In evaluation a batch normalisation is one factor and one summand a channel. Folded into the
convolution's own weights it is free, and the weights that ship are the ones that are computed
with: they can be rounded before the export, and no optimiser has to change them after it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sonolesion.errors import TrainingError

_PROBE_SIDE_PX = 64
_TOLERANCE = 1e-4


@torch.no_grad()
def fold_norms(network: nn.Module) -> int:
    """Fold each batch normalisation that follows a convolution, in place; how many were folded.

    Which one follows which is seen in a forward pass. The normalisation stays as the identity,
    with its activation where it has one. One that follows anything else is left as it is.

    Args:
        network: in evaluation mode, for images (B, 1, H, W) with sides in multiples of 32.

    Raises:
        TrainingError: the network computes something else afterwards (a convolution's output is
            used elsewhere, too).
    """
    probe = torch.rand(2, 1, _PROBE_SIDE_PX, _PROBE_SIDE_PX, generator=torch.Generator())
    expected, pairs = _follow(network, probe)
    for convolution, norm in pairs:
        _fold(convolution, norm)
    for before, after in zip(expected, network(probe), strict=True):
        if not torch.allclose(before, after, rtol=_TOLERANCE, atol=_TOLERANCE):
            raise TrainingError(
                "batch normalisation cannot be folded into this network: its outputs change by "
                f"{float((before - after).abs().max()):.2g}. Export it with whole weights."
            )
    return len(pairs)


def _follow(
    network: nn.Module, probe: Tensor
) -> tuple[tuple[Tensor, ...], list[tuple[nn.Conv2d, _BatchNorm]]]:
    """Run the network; return its outputs and the pairs of convolution and normalisation."""
    made: list[tuple[Tensor, nn.Conv2d]] = []  # holds the tensors, so that none is another's heir
    pairs: list[tuple[nn.Conv2d, _BatchNorm]] = []

    def after(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            made.append((output, module))
        elif isinstance(module, _BatchNorm):
            pairs.extend((conv, module) for out, conv in made if out is inputs[0])

    kinds = (nn.Conv2d, _BatchNorm)
    hooks = [m.register_forward_hook(after) for m in network.modules() if isinstance(m, kinds)]
    try:
        return tuple(network(probe)), pairs
    finally:
        for hook in hooks:
            hook.remove()


def _fold(convolution: nn.Conv2d, norm: _BatchNorm) -> None:
    mean, var = norm.running_mean, norm.running_var
    if mean is None or var is None:
        raise TrainingError("a batch normalisation without statistics cannot be folded.")
    scale = (var + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight
    bias = -mean if convolution.bias is None else convolution.bias - mean
    shift = bias * scale + norm.bias if norm.affine else bias * scale
    convolution.weight.mul_(scale[:, None, None, None])
    convolution.bias = nn.Parameter(shift)
    norm.eps = 0.0  # with it the identity is exact: x / sqrt(1 + 0)
    mean.zero_()
    var.fill_(1.0)
    if norm.affine:
        norm.weight.fill_(1.0)
        norm.bias.zero_()
