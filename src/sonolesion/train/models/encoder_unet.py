"""A light U-Net on any timm encoder; its class head looks at the whole image and at the lesion."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sonolesion.errors import ConfigError, MissingExtraError
from sonolesion.train.depthwise import speed_up_depthwise
from sonolesion.train.models.output import ModelOutput
from sonolesion.train.models.pretrained import load_imagenet_weights
from sonolesion.types import LesionClass

DECODER_CHANNELS = (96, 64, 48, 32)
_IMAGENET_MEAN, _IMAGENET_STD = 0.449, 0.226


class _Up(nn.Module):
    """Double the resolution, join the skip connection, and convolve twice."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.convolve = nn.Sequential(
            nn.Conv2d(inputs + skip, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        features = nn.functional.interpolate(features, scale_factor=2.0, mode="nearest")
        out: Tensor = self.convolve(torch.cat([features, skip], dim=1))
        return out


class EncoderUNet(nn.Module):
    """Encoder of timm with strides 2 to 32, decoder up to stride 2, logits interpolated to full.

    The class head sees the deepest features averaged over the image and over the predicted lesion
    (mask-guided pooling), and the finer ones of stride 16 averaged over the lesion and over the
    rim around it, where margin and posterior features lie.

    Args:
        encoder: name in timm with features at strides 2, 4, 8, 16 and 32.
        pretrained: start from ImageNet weights.
        dropout: before the last layer of the class head.

    Raises:
        MissingExtraError: timm is not installed.
        ConfigError: timm has no such encoder, or its strides differ.
        TrainingError: no pretrained weights of that encoder can be had.
    """

    def __init__(self, *, encoder: str, pretrained: bool, dropout: float) -> None:
        super().__init__()
        try:
            import timm
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"{error.name} is needed for encoder_unet: pip install 'sonolesion[backbones]'."
            ) from error
        if not timm.is_model(encoder):
            raise ConfigError(f"model.encoder: timm has no {encoder!r}; see timm.list_models().")
        network: Any = timm.create_model(encoder, features_only=True, in_chans=1)
        if list(network.feature_info.reduction()) != [2, 4, 8, 16, 32]:
            raise ConfigError(f"model.encoder: {encoder!r} lacks features at strides 2 to 32.")
        if pretrained:
            load_imagenet_weights(network, encoder)
        speed_up_depthwise(network)
        skips = network.feature_info.channels()
        self.encoder = network
        inputs = [skips[-1], *DECODER_CHANNELS[:-1]]
        self.decoder = nn.ModuleList(
            _Up(i, s, o)
            for i, s, o in zip(inputs, reversed(skips[:-1]), DECODER_CHANNELS, strict=True)
        )
        self.mask_head = nn.Conv2d(DECODER_CHANNELS[-1], 1, 3, padding=1)
        self.class_head = nn.Sequential(
            nn.Linear(2 * (skips[-1] + skips[-2]), 128),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(128, len(LesionClass)),
        )

    def forward(self, images: Tensor) -> ModelOutput:
        """Compute logits and features (B, C) of images (B, 1, H, W) in [0, 1].

        H and W are multiples of 32.
        """
        skips = self.encoder((images - _IMAGENET_MEAN) / _IMAGENET_STD)
        deepest = features = skips[-1]  # (B, C, H / 32, W / 32)
        for up, skip in zip(self.decoder, reversed(skips[:-1]), strict=True):
            features = up(features, skip)
        logits = self.mask_head(features)  # (B, 1, H / 2, W / 2)
        # the class loss must not bend the outline to suit itself: no gradient through the weights
        lesion = nn.functional.avg_pool2d(logits.detach().sigmoid(), 8)  # (B, 1, H / 16, W / 16)
        rim = nn.functional.max_pool2d(lesion, 3, stride=1, padding=1) - lesion
        coarse = nn.functional.avg_pool2d(lesion, 2)
        finer = skips[-2]
        whole = deepest.mean(dim=(2, 3))
        pooled = [
            whole,
            _average_over(deepest, coarse),
            _average_over(finer, lesion),
            _average_over(finer, rim),
        ]
        class_logits = self.class_head(torch.cat(pooled, dim=1))
        full = nn.functional.interpolate(
            logits, scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return ModelOutput(full, class_logits, whole)


def _average_over(features: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean (B, C) of features (B, C, H, W); near 0 where the weights (B, 1, H, W) are."""
    return (features * weights).sum(dim=(2, 3)) / (weights.sum(dim=(2, 3)) + 0.05)
