"""What every network returns."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class ModelOutput(NamedTuple):
    """What a network says of one batch.

    Attributes:
        mask_logits: (B, 1, H, W).
        class_logits: (B, 3), in class order.
        features: (B, F), the encoder's deepest features averaged over the image; no loss looks at
            them, the feature gate does (`sonolesion.bundle.gate`). None from a network that is
            never exported.
    """

    mask_logits: Tensor
    class_logits: Tensor
    features: Tensor | None = None
