"""A network that looks at each image twice."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sonolesion.train.models.output import ModelOutput


class Mirrored(nn.Module):
    """The mean of the logits for an image and for its mirror image, left and right exchanged.

    A lesion is the same one from the other side, the noise of an answer is another one. Costs
    two runs; figures are in docs/decisions/0009-joint-decision-tried.md.

    Args:
        network: returns `ModelOutput`; its features of the image as it is are kept.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> ModelOutput:
        """Compute the mean logits of images (B, 1, H, W) in [0, 1]."""
        plain: ModelOutput = self.network(images)
        turned: ModelOutput = self.network(images.flip(3))
        return ModelOutput(
            torch.stack([plain.mask_logits, turned.mask_logits.flip(3)]).mean(dim=0),
            torch.stack([plain.class_logits, turned.class_logits]).mean(dim=0),
            plain.features,
        )
