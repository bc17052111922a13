"""What every network returns."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class ModelOutput(NamedTuple):
    """Logits of one batch: mask_logits (B, 1, H, W), class_logits (B, 3) in class order."""

    mask_logits: Tensor
    class_logits: Tensor
