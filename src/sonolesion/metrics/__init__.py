"""Every figure that sonolesion reports, in numpy: each with its n, none averaging a nan unseen.

A figure's module is imported when the figure is first used: a prediction needs one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonolesion.lazy import lend_names

if TYPE_CHECKING:
    from sonolesion.metrics.border import border_distances, mask_border
    from sonolesion.metrics.calibration import (
        Binning,
        ReliabilityBins,
        brier_score,
        expected_calibration_error,
        reliability_bins,
    )
    from sonolesion.metrics.classification import (
        Average,
        AveragedScores,
        ClassScores,
        average_scores,
        class_scores,
    )
    from sonolesion.metrics.confusion import accuracy, confusion_matrix
    from sonolesion.metrics.detection import (
        Rate,
        false_positives_on_normals,
        is_marked,
        missed_lesions,
    )
    from sonolesion.metrics.interval import Interval, wilson_interval
    from sonolesion.metrics.lesion_match import LesionMatch, match_lesions, sum_matches
    from sonolesion.metrics.operating_point import (
        OperatingPoint,
        sensitivity_at_specificity,
        specificity_at_sensitivity,
    )
    from sonolesion.metrics.overlap import batched_flat_dice, dice, iou, mission_iou, pixel_accuracy
    from sonolesion.metrics.precision_recall import (
        PrecisionRecallCurve,
        average_precision,
        precision_recall_curve,
    )
    from sonolesion.metrics.roc import (
        RocCurve,
        malignant_vs_benign_auc,
        one_vs_rest_auc,
        roc_auc,
        roc_curve,
    )
    from sonolesion.metrics.surface import (
        SurfaceScores,
        average_surface_distance,
        hd95,
        normalised_surface_dice,
        surface_scores,
    )
    from sonolesion.metrics.uncertainty import bootstrap_interval, bootstrap_mean

__all__ = [
    "Average", "AveragedScores", "Binning", "ClassScores", "Interval", "LesionMatch",
    "OperatingPoint", "PrecisionRecallCurve", "Rate", "ReliabilityBins", "RocCurve",
    "SurfaceScores", "accuracy", "average_precision", "average_scores",
    "average_surface_distance", "batched_flat_dice", "bootstrap_interval", "bootstrap_mean",
    "border_distances", "brier_score", "class_scores", "confusion_matrix", "dice",
    "expected_calibration_error", "false_positives_on_normals", "hd95", "iou", "is_marked",
    "malignant_vs_benign_auc", "mask_border", "match_lesions", "missed_lesions", "mission_iou",
    "normalised_surface_dice", "one_vs_rest_auc", "pixel_accuracy", "precision_recall_curve",
    "reliability_bins", "roc_auc", "roc_curve", "sensitivity_at_specificity",
    "specificity_at_sensitivity", "sum_matches", "surface_scores", "wilson_interval",
]  # fmt: skip

__getattr__ = lend_names(__name__, {
    "border": ("border_distances", "mask_border"),
    "calibration": ("Binning", "ReliabilityBins", "brier_score", "expected_calibration_error",
        "reliability_bins"),
    "classification": ("Average", "AveragedScores", "ClassScores", "average_scores",
        "class_scores"),
    "confusion": ("accuracy", "confusion_matrix"),
    "detection": ("Rate", "false_positives_on_normals", "is_marked", "missed_lesions"),
    "interval": ("Interval", "wilson_interval"),
    "lesion_match": ("LesionMatch", "match_lesions", "sum_matches"),
    "operating_point": ("OperatingPoint", "sensitivity_at_specificity",
        "specificity_at_sensitivity"),
    "overlap": ("batched_flat_dice", "dice", "iou", "mission_iou", "pixel_accuracy"),
    "precision_recall": ("PrecisionRecallCurve", "average_precision",
        "precision_recall_curve"),
    "roc": ("RocCurve", "malignant_vs_benign_auc", "one_vs_rest_auc", "roc_auc", "roc_curve"),
    "surface": ("SurfaceScores", "average_surface_distance", "hd95",
        "normalised_surface_dice", "surface_scores"),
    "uncertainty": ("bootstrap_interval", "bootstrap_mean"),
})  # fmt: skip
