"""The option `--precision` of the commands that load a bundle."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class PrecisionName(StrEnum):
    """Names of `sonolesion.bundle.PrecisionChoice`, without its imports."""

    AUTO = "auto"
    FP32 = "fp32"
    INT8 = "int8"


PrecisionOption = Annotated[
    PrecisionName | None,
    typer.Option(
        "--precision",
        help="Numbers to compute in: fp32, the same everywhere; int8, quicker, where the bundle "
        "has it; auto, the quicker one here. Else $SONOLESION_PRECISION.",
        show_default="fp32",
    ),
]
