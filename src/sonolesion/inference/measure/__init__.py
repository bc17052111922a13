"""Lesions measured from a mask, and a draft description in the words of BI-RADS.

::

    mask -> components -> contour -> diameters, size -> interval
                                  -> form, margin   |
                     pixels -> margin, echo, posterior  -> draft -> measurement
    two measurements -> change

The types of the results lie in `sonolesion.types`. Everything is numpy and OpenCV on arrays of the
image's own resolution, each lesion in its own surrounding (`region`). Nothing here knows the
network, its bundle or the class; a draft holds no BI-RADS category. Research use only.
"""

from __future__ import annotations

from sonolesion.inference.measure.change import compare_visits
from sonolesion.inference.measure.draft import draft_lexicon
from sonolesion.inference.measure.measurement import measure_lesions
from sonolesion.types.lesion import LesionMeasurement, LesionSize, MeasuredLesions
from sonolesion.types.lexicon import DRAFT_NOTICE, Descriptor, LexiconDraft, Reason

__all__ = [
    "DRAFT_NOTICE",
    "Descriptor",
    "LesionMeasurement",
    "LesionSize",
    "LexiconDraft",
    "MeasuredLesions",
    "Reason",
    "compare_visits",
    "draft_lexicon",
    "measure_lesions",
]
