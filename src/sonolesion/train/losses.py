"""Loss of a batch: weighted Dice of the mask and cross-entropy of the class, in float32."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from sonolesion.config import LossSettings
from sonolesion.train.models import ModelOutput

_EPSILON = 1e-6
_SMOOTH_SHARE = 1e-3


class LossTerms(NamedTuple):
    """Scalars of one batch: the total that is minimised, and its two terms."""

    total: Tensor
    mask: Tensor
    label: Tensor


def batch_dice_loss(mask_logits: Tensor, masks: Tensor) -> Tensor:
    """1 - soft Dice with the whole batch flattened into one region (the mission's way).

    Args:
        mask_logits: (B, 1, H, W).
        masks: (B, 1, H, W), 0 or 1.

    Source: Milletari et al., V-Net, 3DV 2016, with the plain sum in the denominator.
    """
    prob = mask_logits.float().sigmoid().flatten()
    truth = masks.float().flatten()
    overlap = (prob * truth).sum()
    return 1.0 - (2.0 * overlap + _EPSILON) / (prob.sum() + truth.sum() + _EPSILON)


def image_dice_loss(mask_logits: Tensor, masks: Tensor, miss_weight: float = 0.5) -> Tensor:
    """Mean over images of 1 - soft Dice, plus the binary cross-entropy of the pixels.

    Both sides of each Dice are smoothed by `_SMOOTH_SHARE` of the image's area. So an image
    without lesion costs nothing unmarked, half at that area marked, and nearly all beyond: a
    small mark on a normal is charged like a missed lesion.

    Args:
        mask_logits: (B, 1, H, W).
        masks: (B, 1, H, W), 0 or 1.
        miss_weight: weight of missed pixels against wrongly marked ones; 0.5 is Dice.

    Source: Salehi et al., Tversky loss function, MLMI 2017, with beta = `miss_weight`.
    """
    prob = mask_logits.float().sigmoid().flatten(1)  # (B, H * W)
    truth = masks.float().flatten(1)
    smooth = _SMOOTH_SHARE * truth.shape[1]
    overlap = (prob * truth).sum(1)
    wrong = (1.0 - miss_weight) * (prob.sum(1) - overlap) + miss_weight * (truth.sum(1) - overlap)
    per_image = 1.0 - (2.0 * overlap + smooth) / (2.0 * (overlap + wrong) + smooth)
    pixels = nn.functional.binary_cross_entropy_with_logits(mask_logits.float(), masks.float())
    return per_image.mean() + pixels


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Balanced weights: n / (classes * count of the class), float32 (classes,); absent: 0."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, labels.numel() / (classes * counts.clamp(min=1)), 0.0)


class MultiTaskLoss(nn.Module):
    """Weighted sum of the mask loss and the class cross-entropy.

    Args:
        settings: weights and kinds.
        weights: float32 (3,) class weights, or None for none.
    """

    def __init__(self, settings: LossSettings, weights: Tensor | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.weights: Tensor | None
        self.register_buffer("weights", weights)

    def forward(self, output: ModelOutput, masks: Tensor, labels: Tensor) -> LossTerms:
        """Compute the terms for masks (B, 1, H, W) in {0, 1} and labels int64 (B,)."""
        settings = self.settings
        if settings.dice_over == "batch":
            mask = batch_dice_loss(output.mask_logits, masks)
        else:
            mask = image_dice_loss(output.mask_logits, masks, settings.miss_weight)
        label = nn.functional.cross_entropy(
            output.class_logits.float(),
            labels,
            weight=self.weights,
            label_smoothing=settings.label_smoothing,
        )
        total = settings.mask_weight * mask + settings.class_weight * label
        return LossTerms(total, mask, label)


def distill_loss(output: ModelOutput, target: ModelOutput, *, temperature: float) -> LossTerms:
    """How far a network is from its teacher: cross-entropy of the pixels, divergence of classes.

    Args:
        output: of the network that learns.
        target: of the teacher, without gradient.
        temperature: softens the teacher's classes; their term is scaled by its square.

    Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015, section 2.
    """
    truth = target.mask_logits.float().sigmoid()
    mask = nn.functional.binary_cross_entropy_with_logits(output.mask_logits.float(), truth)
    prob = output.mask_logits.float().sigmoid().flatten(1)
    soft = truth.flatten(1)
    smooth = _SMOOTH_SHARE * soft.shape[1]
    overlap = 2.0 * (prob * soft).sum(1) + smooth
    mask = mask + (1.0 - overlap / (prob.square().sum(1) + soft.square().sum(1) + smooth)).mean()
    label = temperature**2 * nn.functional.kl_div(
        (output.class_logits.float() / temperature).log_softmax(dim=1),
        (target.class_logits.float() / temperature).softmax(dim=1),
        reduction="batchmean",
    )
    return LossTerms(mask + label, mask, label)


def blend(truth: LossTerms, teacher: LossTerms, weight: float) -> LossTerms:
    """Weigh the loss against the truth with the loss against the teacher, term by term."""
    mixed = [(1.0 - weight) * a + weight * b for a, b in zip(truth, teacher, strict=True)]
    return LossTerms(*mixed)
