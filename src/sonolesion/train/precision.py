"""Device and numeric precision, chosen by a measurement where that is asked for."""

from __future__ import annotations

import time

import torch
from lightning_fabric.plugins import MixedPrecision, Precision
from torch import nn

from sonolesion.config import RuntimeSettings
from sonolesion.errors import ConfigError
from sonolesion.train.models import ModelOutput


def choose_device(wanted: str) -> str:
    """Resolve "auto" to "cuda", "mps" or "cpu", and check that the wanted one is there.

    Raises:
        ConfigError: the wanted device is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next((name for name, ok in there.items() if ok), "cpu")
    if not there.get(wanted, True):
        raise ConfigError(f"runtime.device = {wanted!r} is not available here; use 'cpu'.")
    return wanted


def choose_precision(settings: RuntimeSettings, network: nn.Module, device: str) -> str:
    """Resolve "auto": fp16 on CUDA, on a CPU the faster of bf16 and fp32 by a short measurement.

    Args:
        settings: `precision` and `channels_last` are read.
        network: measured by a training step on a copy of its input size; not changed.
        device: from `choose_device`.

    Returns:
        "32-true", "bf16-mixed" or "16-mixed".
    """
    if settings.precision != "auto":
        return settings.precision
    if device == "cuda":
        return "16-mixed"
    if device != "cpu" or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "32-true"
    kinds = ("32-true", "bf16-mixed")
    seconds = {kind: _time_step(network, kind == "bf16-mixed") for kind in kinds}
    return min(seconds, key=lambda kind: seconds[kind])


def build_precision_plugin(precision: str, device: str) -> Precision | None:
    """Return Fabric's plugin for a mixed precision (its scaler belongs into checkpoints)."""
    if precision == "32-true":
        return None
    return MixedPrecision("16-mixed" if precision == "16-mixed" else "bf16-mixed", device)


def _time_step(network: nn.Module, use_bf16: bool) -> float:
    """Seconds of the best of two forward and backward passes of one 128x128 image pair."""
    random_state = torch.get_rng_state()
    statistics = {name: value.clone() for name, value in network.named_buffers()}
    images = torch.zeros(2, 1, 128, 128)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=use_bf16):
            output: ModelOutput = network(images)
        (output.mask_logits.float().mean() + output.class_logits.float().mean()).backward()
        best = min(best, time.perf_counter() - start)
    network.zero_grad(set_to_none=True)
    for name, value in network.named_buffers():
        value.copy_(statistics[name])
    torch.set_rng_state(random_state)
    return best
