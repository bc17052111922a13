from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_results import Written, write
from dicom_source import INSTANCE, SHAPE, empty_findings, make_findings, make_source
from tiny_bundle import speckle_image

from sonolesion.imaging.calipers import CALIPER_COLOUR
from sonolesion.imaging.draw import PREDICTION_COLOUR
from sonolesion.imaging.panels import add_caption
from sonolesion.types import RESEARCH_USE_ONLY
from sonolesion.writers.dicom import picture


def count(rgb: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(rgb.astype(int) - colour).max(axis=2) < 30).sum())


def captions(monkeypatch: pytest.MonkeyPatch, findings: object) -> list[str]:
    """The paragraphs that are burned in below the image."""
    kept: list[str] = []

    def keep(rgb: np.ndarray, paragraphs: tuple[str, ...]) -> np.ndarray:
        kept.extend(paragraphs)
        return add_caption(rgb, paragraphs)

    monkeypatch.setattr(picture, "add_caption", keep)
    picture.draw_picture(findings, scale_sentence="SCALE.")  # type: ignore[arg-type]
    return kept


def test_it_is_a_burned_in_colour_picture_of_the_source(written: Written) -> None:
    found = pydicom.dcmread(written.files.capture)
    assert found.BurnedInAnnotation == "YES"
    assert found.PhotometricInterpretation == "RGB"
    assert found.Laterality == "L"
    assert "PixelSpacing" not in found  # the picture is enlarged
    (image,) = found.SourceImageSequence
    assert image.ReferencedSOPInstanceUID == INSTANCE
    assert image.ReferencedSOPClassUID == written.source.SOPClassUID
    assert image.get("ReferencedFrameNumber") == written.frame
    assert found.InstanceNumber == (written.frame or 1)


def test_outline_and_diameters_are_drawn_where_there_is_a_lesion(written: Written) -> None:
    rgb = pydicom.dcmread(written.files.capture).pixel_array
    has_lesion = written.files.segmentation is not None
    assert (count(rgb, PREDICTION_COLOUR) > 100) == has_lesion
    assert (count(rgb, CALIPER_COLOUR) > 50) == has_lesion
    assert rgb.shape[1] == 640
    assert rgb.shape[0] > 640 * SHAPE[0] / SHAPE[1]  # the caption lies below


def test_the_caption_says_research_first_and_last(monkeypatch: pytest.MonkeyPatch) -> None:
    said = captions(monkeypatch, make_findings(unsure=True, malignant_alert=True))
    assert said[0] == "RESEARCH USE ONLY"
    assert said[-1] == RESEARCH_USE_ONLY
    shares = "(normal 5.0%, benign 20.0%, malignant 75.0%)"
    assert said[1] == f"Image: malignant {shares}. Unsure, have it read. Malignant alert."
    assert said[2].startswith("Lesion 1 (centre at row 60, column 70): 60 x 40 px, area ")
    assert said[4] == "SCALE. Model tiny 0.1."


def test_the_caption_is_in_mm_with_a_spacing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = captions(monkeypatch, make_findings(spacing_mm=(0.1, 0.2)))
    assert said[2].startswith("Lesion 1 (centre at row 60, column 70): 1")
    assert " mm, area " in said[2]
    assert " px" not in said[2]


def test_no_lesion_is_burned_in_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No lesion was outlined." in captions(monkeypatch, empty_findings())


def test_a_wide_image_keeps_its_size(tmp_path: Path) -> None:
    pixels = speckle_image(300, 900)
    mask = np.zeros((300, 900), np.bool_)
    done = write(tmp_path, make_source(pixels), make_findings(mask, pixels=pixels))
    rgb = pydicom.dcmread(done.files.capture).pixel_array
    assert rgb.shape[1] == 900
    np.testing.assert_array_equal(rgb[:300, :, 0], pixels)
