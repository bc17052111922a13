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
        help="Numbers to compute in: fp32 (the default), the same everywhere; int8, quicker, if it "
        "is in the bundle; auto, the quicker one here. Or set SONOLESION_PRECISION.",
        show_default="fp32",
    ),
]
