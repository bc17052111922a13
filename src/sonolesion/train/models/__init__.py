"""Networks. Each takes (B, 1, H, W) in [0, 1] and returns a `ModelOutput` of logits."""

from __future__ import annotations

from torch import nn

from sonolesion.config import ModelSettings
from sonolesion.train.models.classic_unet import ClassicUNet
from sonolesion.train.models.encoder_unet import EncoderUNet
from sonolesion.train.models.ensemble import Ensemble
from sonolesion.train.models.mirrored import Mirrored
from sonolesion.train.models.output import ModelOutput

__all__ = ["ClassicUNet", "EncoderUNet", "Ensemble", "Mirrored", "ModelOutput", "build_model"]


def build_model(settings: ModelSettings, *, load_pretrained: bool = False) -> nn.Module:
    """Build the network that the settings name; fresh weights are from torch's global generator.

    Args:
        settings: see `ModelSettings`.
        load_pretrained: fill the encoder with ImageNet weights if the settings ask for them;
            leave it off when a checkpoint is loaded anyway.

    Raises:
        MissingExtraError: timm is not installed and the network needs it.
        TrainingError: no pretrained weights of that encoder can be had.
    """
    if settings.name == "classic_unet":
        return ClassicUNet(
            width=settings.width,
            dropout_first=settings.dropout_first,
            dropout_second=settings.dropout_second,
        )
    return EncoderUNet(
        encoder=settings.encoder,
        pretrained=load_pretrained and settings.pretrained,
        dropout=settings.dropout_first,
    )
