"""Optimiser, learning rate and the moving average of the weights."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from sonolesion.config import OptimSettings

_WARMUP_START = 0.04


def build_optimizer(
    network: nn.Module, optim: OptimSettings, *, fused: bool = False
) -> torch.optim.Optimizer:
    """Build Adam (weight decay in the gradient, as the mission has it) or AdamW (decoupled).

    Args:
        network: whose parameters are optimised.
        optim: kind, rate and decay.
        fused: step all parameters in one call, of which small batches on a CPU gain most. Not
            with fp16: Fabric cannot clip gradients that a fused optimiser unscales.
    """
    kind = torch.optim.AdamW if optim.optimizer == "adamw" else torch.optim.Adam
    rate, decay = optim.learning_rate, optim.weight_decay
    return kind(network.parameters(), lr=rate, weight_decay=decay, fused=fused)


def learning_rate(optim: OptimSettings, position: float) -> float:
    """Rate at `position`, in epochs from the start: a linear rise, then a cosine.

    >>> optim = OptimSettings(epochs=10, learning_rate=1e-3, final_learning_rate=0.0)
    >>> [round(learning_rate(optim, p), 6) for p in (0, 5, 10)]
    [0.001, 0.0005, 0.0]
    """
    if position < optim.warmup_epochs:
        share = position / optim.warmup_epochs
        return optim.learning_rate * (_WARMUP_START + (1.0 - _WARMUP_START) * share)
    length = max(optim.epochs - optim.warmup_epochs, 1e-9)
    done = min((position - optim.warmup_epochs) / length, 1.0)
    fall = 0.5 * (1.0 + math.cos(math.pi * done))
    return optim.final_learning_rate + fall * (optim.learning_rate - optim.final_learning_rate)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameter groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate


class WeightAverage:
    """Exponential moving average of weights and batch-norm statistics.

    The first steps count more than `decay` says, so that the start is forgotten:
    min(decay, (1 + steps) / (10 + steps)).

    Args:
        network: whose weights are averaged.
        decay: share of the old average, [0, 1); 0 switches averaging off.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network, self._decay, self._steps = network, decay, 0
        self._average: dict[str, Tensor] = {}
        if decay > 0:
            self._average = {n: v.detach().clone() for n, v in network.state_dict().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take the network's present weights into the average."""
        if not self._average:
            return
        keep = min(self._decay, (1 + self._steps) / (10 + self._steps))
        averages: list[Tensor] = []
        values: list[Tensor] = []
        for name, value in self._network.state_dict().items():
            if value.is_floating_point():
                averages.append(self._average[name])
                values.append(value)
            else:
                self._average[name].copy_(value)
        # in one call, as torch.optim.swa_utils does: hundreds of small ones take longer
        torch._foreach_lerp_(averages, values, 1.0 - keep)
        self._steps += 1

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Put the average into the network for the time of the context."""
        if not self._average:
            yield
            return
        own = {name: value.clone() for name, value in self._network.state_dict().items()}
        self._network.load_state_dict(self._average)
        try:
            yield
        finally:
            self._network.load_state_dict(own)

    def state_dict(self) -> dict[str, Tensor | int]:
        """What a checkpoint has to hold."""
        return {"steps": self._steps, **self._average}

    def load_state_dict(self, state: Mapping[str, Tensor | int]) -> None:
        """Take back what `state_dict` gave."""
        for name, average in self._average.items():
            average.copy_(torch.as_tensor(state[name]))
        self._steps = int(state["steps"])
