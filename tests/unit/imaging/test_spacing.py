from __future__ import annotations

import numpy as np
import pytest

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.spacing import check_spacing, parse_spacing, set_spacing
from sonolesion.types import UltrasoundImage

IMAGE = UltrasoundImage(np.zeros((40, 40), np.uint8), notes=("first",), spacing_mm=(1.0, 1.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.08", (0.08, 0.08)), ("0.08x0.1", (0.08, 0.1)), ("0.08X.1", (0.08, 0.1))],
)
def test_text(text: str, expected: tuple[float, float]) -> None:
    assert parse_spacing(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", "0.1x", "a", "1x2x3", "0", "-0.1", "nan", "inf", "11", "0,1"]
)
def test_text_that_is_no_size(text: str) -> None:
    with pytest.raises(InvalidInputError, match="mm per pixel"):
        parse_spacing(text)


@pytest.mark.parametrize("spacing", [(0.1,), (0.1, 0.2, 0.3), (0.0, 0.1), (0.1, float("nan"))])
def test_numbers_that_are_no_size(spacing: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError):
        check_spacing(spacing)  # type: ignore[arg-type]


def test_a_size_by_hand_replaces_the_file_s_and_is_noted() -> None:
    image = set_spacing(IMAGE, (0.5, 0.25))
    assert image.spacing_mm == (0.5, 0.25)
    assert image.notes == ("first", "pixel size given by hand: 0.5 x 0.25 mm (row x column)")
    assert IMAGE.spacing_mm == (1.0, 1.0)
