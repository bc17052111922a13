"""A network that looks at each image twice."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sonolesion.train.models.output import ModelOutput


class Mirrored(nn.Module):
    """The mean of the logits for an image and for its mirror image, left and right exchanged.

    A lesion is the same one from the other side, the noise of an answer is another one. Costs
    two runs; figures are in docs/decisions/0009-joint-decision-tried.md. Both images go through
    in one batch, so that an exported graph has each layer once.

    Args:
        network: returns `ModelOutput`; its features of the image as it is are kept.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> ModelOutput:
        """Compute the mean logits of images (B, 1, H, W) in [0, 1]."""
        both: ModelOutput = self.network(torch.cat([images, images.flip(3)]))
        mask, turned = _halves(both.mask_logits)
        features = None if both.features is None else _halves(both.features)[0]
        classes = _halves(both.class_logits).mean(dim=0)
        return ModelOutput(torch.stack([mask, turned.flip(3)]).mean(dim=0), classes, features)


def _halves(values: Tensor) -> Tensor:
    """Return (2 B, ...) as (2, B, ...)."""
    return values.reshape(2, -1, *values.shape[1:])
