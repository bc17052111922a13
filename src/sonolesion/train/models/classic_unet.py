"""The mission document's multi-task U-Net, layer for layer.

Source: Ronneberger et al., U-Net, MICCAI 2015 (with padding and batch normalisation), and the
mission document's section "Model Architecture Details".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sonolesion.train.models.output import ModelOutput
from sonolesion.types import LesionClass


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ClassicUNet(nn.Module):
    """U-Net with a segmentation head and a classification head on its bottleneck.

    Args:
        width: channels of the first block; the others have 2, 4, 8 and (bottleneck) 16 times
            that. 64 gives the mission's 31,699,268 parameters.
        dropout_first: after the first fully connected layer.
        dropout_second: after the second.
    """

    def __init__(
        self, *, width: int = 64, dropout_first: float = 0.5, dropout_second: float = 0.3
    ) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(5)]
        self.encoder = nn.ModuleList(
            _block(inputs, outputs)
            for inputs, outputs in zip([1, *channels[:3]], channels[:4], strict=True)
        )
        self.bottleneck = _block(channels[3], channels[4])
        self.upsample = nn.ModuleList(
            nn.ConvTranspose2d(2 * c, c, 2, stride=2) for c in reversed(channels[:4])
        )
        self.decoder = nn.ModuleList(_block(2 * c, c) for c in reversed(channels[:4]))
        self.mask_head = nn.Conv2d(width, 1, 1)
        self.class_head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels[4], channels[3]),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout_first),
            nn.Linear(channels[3], channels[2]),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout_second),
            nn.Linear(channels[2], len(LesionClass)),
        )
        self.pool = nn.MaxPool2d(2)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> ModelOutput:
        """Compute logits and features (B, 16 * width) of images (B, 1, H, W) in [0, 1].

        H and W are multiples of 16.
        """
        skips: list[Tensor] = []
        features = images
        for block in self.encoder:
            features = block(features)
            skips.append(features)
            features = self.pool(features)
        features = self.bottleneck(features)
        class_logits = self.class_head(features)
        pooled = features.mean(dim=(2, 3))
        for upsample, block, skip in zip(self.upsample, self.decoder, reversed(skips), strict=True):
            features = block(torch.cat([skip, upsample(features)], dim=1))
        return ModelOutput(self.mask_head(features), class_logits, pooled)


def _initialise(module: nn.Module) -> None:
    """Kaiming initialisation (He et al., ICCV 2015), fan out for convolutions."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)
