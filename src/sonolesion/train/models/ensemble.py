"""Several networks that answer as one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sonolesion.train.models.output import ModelOutput


class Ensemble(nn.Module):
    """The mean of the members' logits, of mask and class alike; the features of the first.

    Each member has features of its own kind: their mean would mean nothing, and side by side no
    held-out image could set the limit of their distance, since each was trained on by some member
    (docs/decisions/0010-feature-gate.md).

    Args:
        members: at least one network, each returning `ModelOutput` for the same input size.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> ModelOutput:
        """Compute the mean logits of images (B, 1, H, W) in [0, 1]."""
        outputs: list[ModelOutput] = [member(images) for member in self.members]
        return ModelOutput(
            torch.stack([output.mask_logits for output in outputs]).mean(dim=0),
            torch.stack([output.class_logits for output in outputs]).mean(dim=0),
            outputs[0].features,
        )
