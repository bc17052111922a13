"""In which numbers a network is computed: what a bundle holds, and what a user may ask for."""

from __future__ import annotations

from enum import StrEnum

INT8_MARK = "+int8"
"""Ends the version of a bundle that answers in int8: "fast 0.1+int8"."""


class Precision(StrEnum):
    """The numbers that a network computes with."""

    FP32 = "fp32"
    INT8 = "int8"


class PrecisionChoice(StrEnum):
    """What may be asked for; AUTO is the quicker one on this computer, found out by measuring."""

    AUTO = "auto"
    FP32 = "fp32"
    INT8 = "int8"
