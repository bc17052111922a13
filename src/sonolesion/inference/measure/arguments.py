"""What `measure_lesions` accepts."""

from __future__ import annotations

import math

import numpy as np

from sonolesion.errors import InvalidInputError
from sonolesion.types.lesion import Spacing


def check_arguments(
    mask: object, pixels: object, spacing_mm: object, lesion_prob: object, skin_row_px: float
) -> Spacing | None:
    """Refuse what cannot be measured; see `measure_lesions`.

    Returns:
        The spacing as two floats, or None where there is none.
    """
    shape = _check_array(mask, "mask", np.bool_)
    shapes = {"pixels": _check_array(pixels, "pixels", np.uint8)}
    if lesion_prob is not None:
        shapes["lesion_prob"] = _check_array(lesion_prob, "lesion_prob", np.float32)
        if not np.isfinite(lesion_prob).all():  # type: ignore[call-overload]
            raise InvalidInputError("lesion_prob: expected finite values, got nan or infinity.")
    for name, other in shapes.items():
        if other != shape:
            raise InvalidInputError(
                f"{name}: expected the mask's shape {shape}, got {other}. Measure at the image's "
                "own resolution."
            )
    if not (math.isfinite(skin_row_px) and skin_row_px >= 0):
        raise InvalidInputError(f"skin_row_px: expected a row of 0 or more, got {skin_row_px}.")
    return None if spacing_mm is None else _check_spacing(spacing_mm)


def _check_array(value: object, name: str, dtype: type[np.generic]) -> tuple[int, int]:
    expected = f"{name}: expected a {np.dtype(dtype).name} array (H, W) with pixels"
    if not isinstance(value, np.ndarray):
        raise InvalidInputError(f"{expected}, got {type(value).__name__}.")
    if value.dtype != dtype or value.ndim != 2 or value.size == 0:
        raise InvalidInputError(f"{expected}, got {value.dtype} {value.shape}.")
    return value.shape[0], value.shape[1]


def _check_spacing(spacing_mm: object) -> Spacing:
    if isinstance(spacing_mm, tuple | list) and len(spacing_mm) == 2:
        row, col = (float(s) for s in spacing_mm)
        if all(math.isfinite(s) and s > 0 for s in (row, col)):
            return row, col
    raise InvalidInputError(
        f"spacing_mm: expected two positive numbers (row, col) in mm, got {spacing_mm!r}. "
        "Leave it out where the scale is unknown."
    )
