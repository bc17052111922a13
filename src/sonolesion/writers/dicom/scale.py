"""What unit sizes are stated in, and why."""

from __future__ import annotations

import math

from sonolesion.writers.dicom.findings import ImageFindings
from sonolesion.writers.dicom.source import SourceFrame

_SAME = 1e-4  # relative; a spacing is written with four digits or more


def describe_scale(source: SourceFrame, findings: ImageFindings) -> str:
    """Say in one sentence whether sizes are in mm or px, and where the size of a pixel is from."""
    spacing = findings.lesions.spacing_mm
    if spacing is None:
        return "The size of a pixel is unknown: sizes are in pixels, not in mm."
    known = any(
        all(math.isclose(a, b, rel_tol=_SAME) for a, b in zip(spacing, region, strict=True))
        for region in source.region_spacings_mm
    )
    origin = "from the ultrasound region of the source image" if known else "given by hand"
    return (
        f"Sizes are in mm. Size of a pixel (row, column): {spacing[0]:.5g} x {spacing[1]:.5g} mm, "
        f"{origin}."
    )
