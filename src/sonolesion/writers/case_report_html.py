"""One page about one case as HTML: all inside, no script, no address outside, one A4 sheet."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import BundleInfo
from sonolesion.types import Prediction
from sonolesion.types.explanation import Explanation
from sonolesion.writers.case_pictures import draw_case
from sonolesion.writers.case_report import describe_case
from sonolesion.writers.prediction_files import encode_png


def case_report_html(
    prediction: Prediction,
    pixels: NDArray[np.uint8],
    *,
    bundle: BundleInfo,
    explanation: Explanation | None = None,
    title: str = "",
) -> str:
    """Write the page.

    Nothing of the input but its pixels is on it: no file name, no path, no header of a DICOM file.

    Args:
        prediction: the result.
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        bundle: what gave it: `predictor.info`.
        explanation: from `predictor.explain`; without one the page has no map.
        title: what to call the case; any text is safe.

    Returns:
        A complete HTML document. The same arguments give the same text.

    Raises:
        InvalidInputError: pixels, prediction and map are not of one size.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    case = describe_case(prediction, bundle=bundle, explanation=explanation, title=title)
    drawn = draw_case(pixels, prediction, explanation)
    environment = Environment(
        loader=PackageLoader("sonolesion.writers", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("case_report.html.j2").render(
        case=case,
        picture=_embed(drawn.outline),
        map=_embed(drawn.why),
        scale=_embed(drawn.colour_bar),
        ratio=f"{pixels.shape[1] / pixels.shape[0]:.3f}",
        limit=f"{drawn.limit:.1f}",
    )


def _embed(rgb: NDArray[np.uint8] | None) -> str:
    """A picture as the address of itself; "" for none."""
    if rgb is None:
        return ""
    return f"data:image/png;base64,{base64.b64encode(encode_png(rgb)).decode('ascii')}"
