"""Cases for reports: an ordinary one, and the fullest that a page must hold."""

from __future__ import annotations

import dataclasses

import numpy as np
from measured_image import ONE, TWO, Ellipse, make_measured
from numpy.typing import NDArray
from tiny_bundle import make_info
from tiny_decision import make_decision

from sonolesion.bundle import BundleInfo
from sonolesion.types import LesionClass, Prediction
from sonolesion.types.explanation import EvidenceFigures, EvidenceShare, Explanation

INFO: BundleInfo = make_info(decision=make_decision(), onnx_sha256="ab" * 32)


def make_case(
    ellipses: tuple[Ellipse, ...] = ONE,
    *,
    shape: tuple[int, int] = (240, 320),
    spacing_mm: tuple[float, float] | None = (0.1, 0.1),
    **changes: object,
) -> tuple[NDArray[np.uint8], Prediction]:
    """Pixels and a prediction that a decision was applied to."""
    pixels, prediction = make_measured(ellipses, shape=shape, spacing_mm=spacing_mm)
    settled: dict[str, object] = {
        "class_prob": np.array([0.05, 0.87, 0.08]),
        "prediction_set": (LesionClass.BENIGN,),
    }
    return pixels, dataclasses.replace(prediction, **(settled | changes))  # type: ignore[arg-type]


def make_map(shape: tuple[int, int]) -> Explanation:
    """A map that speaks for the upper half."""
    evidence = np.zeros(shape, np.float32)
    evidence[: shape[0] // 2] = 1.0
    share = EvidenceShare(evidence=0.5, area=0.1, ratio=5.0)
    ring = EvidenceShare(evidence=0.25, area=0.2, ratio=1.25)
    figures = EvidenceFigures("occlusion, 7 x 7 patches of 99 x 99 px", "benign", 2.0, 49)
    return Explanation(evidence, dataclasses.replace(figures, lesion=share, ring=ring))


def make_fullest(
    shape: tuple[int, int] = (400, 320),
) -> tuple[NDArray[np.uint8], Prediction, Explanation, str]:
    """Three lesions, two of them cut, every flag, long remarks, a map and a long title."""
    cut: tuple[Ellipse, ...] = (
        (10.0, 100.0, 60.0, 40.0, 20.0),
        (160.0, 310.0, 35.0, 25.0, 0.0),
        (220.0, 60.0, 20.0, 9.0, 0.0),
    )
    pixels, prediction = make_case(
        cut,
        shape=shape,
        spacing_mm=None,
        label=LesionClass.MALIGNANT,
        class_prob=np.array([0.31, 0.33, 0.36]),
        prediction_set=tuple(LesionClass),
        unsure=True,
        malignant_alert=True,
        notes=(
            "unsure, have it read: could be normal or benign or malignant",
            *(
                f"remark {n} " + "about what is odd in this picture, at length " * 5
                for n in range(9)
            ),
        ),
    )
    return pixels, prediction, make_map(shape), "A very long name of a case " * 6


__all__ = ["INFO", "ONE", "TWO", "make_case", "make_fullest", "make_map"]
