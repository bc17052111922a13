"""sonolesion finds the lesion in a breast-ultrasound image, outlines it and names its class.

Research use only, not a medical device. `import sonolesion` is light: a name that needs numpy or
ONNX Runtime is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonolesion.errors import *  # noqa: F403  the whole tree; `errors.__all__` fixes what comes
from sonolesion.errors import __all__ as _errors
from sonolesion.lazy import lend_names

if TYPE_CHECKING:
    from sonolesion.imaging.read import read_image
    from sonolesion.inference import FailedInput, Predictor, load_predictor
    from sonolesion.types import Prediction
    from sonolesion.writers.case_report_html import case_report_html
    from sonolesion.writers.case_report_pdf import case_report_pdf

__version__ = "0.1.0"

__all__ = ["FailedInput", "Prediction", "Predictor", "__version__", "case_report_html",  # noqa: PLE0604
           "case_report_pdf", "load_predictor", "read_image", *_errors]  # fmt: skip

__getattr__ = lend_names(
    __name__,
    {
        "imaging.read": ("read_image",),
        "inference": ("FailedInput", "Predictor", "load_predictor"),
        "types": ("Prediction",),
        "writers.case_report_html": ("case_report_html",),
        "writers.case_report_pdf": ("case_report_pdf",),
    },
)
