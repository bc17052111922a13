from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from measured_image import ONE, TWO, make_measured
from PIL import Image

from sonolesion.types import RESEARCH_USE_ONLY, UltrasoundImage
from sonolesion.writers.comparison_files import (
    FILE_NAMES,
    PredictedVisit,
    compare_predictions,
    comparison_to_json,
    describe_change,
    format_comparison,
    write_comparison,
)


def visit(*ellipses: tuple[float, ...], mm: float | None = 0.1, name: str = "a") -> PredictedVisit:
    spacing = None if mm is None else (mm, mm)
    pixels, prediction = make_measured(ellipses, spacing_mm=spacing, source=name)  # type: ignore[arg-type]
    return PredictedVisit(UltrasoundImage(pixels), prediction)


SMALL, LARGE = (120.0, 160.0, 40.0, 30.0, 0.0), (110.0, 150.0, 50.0, 38.0, 0.0)


def test_files_and_what_they_say(tmp_path: Path) -> None:
    comparison = compare_predictions(visit(SMALL, name="jan.png"), visit(LARGE, name="jun.png"))
    write_comparison(tmp_path, comparison)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILE_NAMES)
    assert np.asarray(Image.open(tmp_path / "comparison.png")).shape[2] == 3
    text = (tmp_path / "comparison.txt").read_text("utf-8")
    assert text == format_comparison(comparison)
    for part in ("Earlier: jan.png", "Later: jun.png", "probe", RESEARCH_USE_ONLY):
        assert part in text
    value = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert value == comparison_to_json(comparison)
    assert (value["schema_version"], value["unit"]) == (1, "mm")
    assert value["changes"][0]["longest"]["exceeds_error"] is True
    assert (
        value["earlier"]["lesions"][0]["size"]["longest_mm"]
        == (value["changes"][0]["longest"]["earlier"])
    )


def test_lines_by_hand() -> None:
    first, second = describe_change(compare_predictions(visit(SMALL), visit(LARGE)).change)
    assert first == (
        "Lesion 1, longest diameter: 8.0 mm to 10.0 mm, +2.0 mm (+25%), more than the "
        "measurement error of 0.6 mm"
    )
    # 12 pi = 37.7 and 19 pi = 59.7 square mm, in whole pixels a little less
    assert second.startswith("Lesion 1, area: 37.6 mm2 to 59.5 mm2, +21.9 mm2 (+58%), more than")


def test_px_warn_and_a_small_change_is_within_the_error() -> None:
    lines = describe_change(compare_predictions(visit(SMALL, mm=None), visit(SMALL)).change)
    assert "80 px to 80 px, 0 px (0%), within the measurement error" in lines[0]
    assert lines[2].startswith("Warning: The scale of at least one image is unknown")


def test_unmatched_and_cut_lesions_are_named() -> None:
    lines = describe_change(compare_predictions(visit(*ONE), visit(*TWO)).change)
    assert "Lesion 2 of the later image matches none earlier." in lines
    cut = compare_predictions(visit((120.0, 300.0, 40.0, 30.0, 0.0)), visit(*ONE))
    assert "no statement, for an edge of an image cuts the lesion" in describe_change(cut.change)[0]


def test_no_lesion_anywhere(tmp_path: Path) -> None:
    comparison = compare_predictions(visit(), visit())
    write_comparison(tmp_path, comparison)
    assert comparison_to_json(comparison)["changes"] == []
    assert "No lesion was outlined in the earlier image" in format_comparison(comparison)
