"""Running metrics of an epoch: sums that can be stored, and the means made of them."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from sonolesion.train.losses import LossTerms
from sonolesion.train.models import ModelOutput

METRIC_NAMES = ("loss", "mask_loss", "class_loss", "iou", "dice", "pixel_accuracy", "accuracy")


def batch_sums(
    terms: LossTerms, output: ModelOutput, masks: Tensor, labels: Tensor
) -> dict[str, float]:
    """Sums over one batch: losses times its size, per-image overlap, correct classes, count.

    IoU and Dice of an image where truth and prediction are both empty count as 1 here: these are
    training curves, not results (see `sonolesion evaluate`).
    """
    predicted = output.mask_logits.detach().flatten(1) >= 0  # (B, H * W)
    truth = masks.flatten(1) > 0
    both = (predicted & truth).sum(1).double()
    union = (predicted | truth).sum(1).double()
    either = (predicted.sum(1) + truth.sum(1)).double()
    size = len(labels)
    return {
        "loss": terms.total.item() * size,
        "mask_loss": terms.mask.item() * size,
        "class_loss": terms.label.item() * size,
        "iou": ((both + (union == 0)) / union.clamp(min=1)).sum().item(),
        "dice": ((2 * both + (either == 0)) / either.clamp(min=1)).sum().item(),
        "pixel_accuracy": (predicted == truth).double().mean(1).sum().item(),
        "accuracy": float((output.class_logits.argmax(1) == labels).sum().item()),
        "count": float(size),
    }


def add_sums(total: Mapping[str, float], more: Mapping[str, float]) -> dict[str, float]:
    """Add two sets of sums, name by name."""
    return {name: total.get(name, 0.0) + value for name, value in more.items()}


def means(sums: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Divide sums by their count: {"train_loss": ..., ...} for prefix "train".

    >>> means({"loss": 3.0, "count": 2.0}, "val")
    {'val_loss': 1.5}
    """
    count = sums["count"]
    return {f"{prefix}_{n}": sums[n] / count for n in METRIC_NAMES if n in sums}
