from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from sonolesion.errors import (
    ImageError,
    ImageSizeError,
    MissingExtraError,
    UnreadableImageError,
)
from sonolesion.inference import FailedInput
from sonolesion.inference.measure.image import measure_image
from sonolesion.types import UltrasoundImage
from sonolesion.types.lesion import LesionMeasurement
from sonolesion.writers.outcome import (
    FileOutcome,
    outcome_from_json,
    outcome_to_json,
)
from sonolesion.writers.prediction_row import PredictionRow


@pytest.fixture
def lesion() -> LesionMeasurement:
    """A measured disc on a flat image; its counts of bays and corners are whole numbers."""
    rows, cols = np.mgrid[:200, :200]
    mask = np.hypot(rows - 100, cols - 100) < 50
    image = UltrasoundImage(np.where(mask, 40, 120).astype(np.uint8))
    (found,) = measure_image(image, mask=mask).lesions
    return found


ROW = PredictionRow(
    source="a.png", stem="a", label="benign", confidence=1 / 3, class_prob=(0.1, 0.2, 0.7),
    unsure=True, prediction_set=("benign", "malignant"), malignant_alert=False, disagreement=True,
    mask_coverage=1e-7, mask_px=3, width_px=640, height_px=480, bundle="tiny 0.1",
    seconds=math.pi, notes=("odd",), files={"mask": "masks/a_mask.png"}, sha256="ab",
)  # fmt: skip


def test_a_file_with_two_rows_and_two_failures_comes_back_as_it_was() -> None:
    failures = (
        FailedInput("a.png view 3", ImageSizeError("too small")),
        FailedInput("a.png view 4", UnreadableImageError("damaged")),
    )
    outcome = FileOutcome(
        os.fsdecode(b"\xff.png"), "a", (ROW, ROW), failures, 10, 2**60, "ab", "view 1"
    )
    back = outcome_from_json(json.loads(json.dumps(outcome_to_json(outcome))))
    assert back.rows == (ROW, ROW)
    assert (back.text, back.stem, back.size_bytes, back.mtime_ns, back.sha256) == (
        outcome.text, "a", 10, 2**60, "ab"
    )  # fmt: skip
    assert (back.part, back.key) == ("view 1", outcome.text + "\0view 1")
    assert [type(f.error) for f in back.failures] == [ImageSizeError, UnreadableImageError]
    assert [str(f.error) for f in back.failures] == ["E-IMG-004 too small", "E-IMG-002 damaged"]
    assert list(back.files()) == ["masks/a_mask.png"] * 2


def test_an_outcome_is_read_back_to_the_digit_and_type(lesion: LesionMeasurement) -> None:
    outcome = FileOutcome("a.png", "a", (dataclasses.replace(ROW, lesions=(lesion, lesion)),))
    back = outcome_from_json(json.loads(json.dumps(outcome_to_json(outcome))))
    assert repr(back) == repr(outcome)
    assert "n_bays', value=0.0" in repr(back)


def test_a_missing_extra_comes_back_as_one() -> None:
    failed = FailedInput("a.dcm", MissingExtraError("pip install it"))
    values = outcome_to_json(FileOutcome("a.dcm", "a", failures=(failed,)))
    (back,) = outcome_from_json(values).failures
    assert type(back.error) is MissingExtraError


def test_an_error_of_another_version_is_still_an_image_error() -> None:
    values = outcome_to_json(FileOutcome("a.png", "a"))
    values["failures"] = [{"source": "a.png", "code": "E-IMG-999", "message": "new"}]
    assert type(outcome_from_json(values).failures[0].error) is ImageError


@pytest.mark.parametrize("broken", ["rows", "path", "sha256", "part"])
def test_what_is_no_outcome_is_refused(broken: str) -> None:
    values = outcome_to_json(FileOutcome("a.png", "a", (ROW,)))
    del values[broken]
    with pytest.raises(KeyError):
        outcome_from_json(values)


def test_current_means_same_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    mtime_ns = path.stat().st_mtime_ns
    assert FileOutcome(str(path), "a", (), (), 3, mtime_ns, "ab").is_current()
    assert not FileOutcome(str(path), "a", (), (), 3, mtime_ns, "").is_current()
    assert not FileOutcome(str(path), "a", (), (), 4, mtime_ns, "ab").is_current()
    assert not FileOutcome(str(path), "a", (), (), 3, mtime_ns + 1, "ab").is_current()
    assert not FileOutcome(str(tmp_path / "gone"), "a", (), (), 3, mtime_ns, "ab").is_current()
