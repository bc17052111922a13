"""Image in, results out, all through a real PACS: Orthanc with its DICOMweb plugin, on loopback.

The source is stored by C-STORE and fetched by DICOMweb; what is predicted of it goes back by
C-STORE, is found under the same study, and the mask that comes out is the one that was made.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from dicom_source import STUDY, add_region, make_source, save_source
from orthanc_server import Orthanc, read_bytes, run_orthanc, tag
from pydicom.dataset import Dataset
from tiny_bundle import speckle_image

from sonolesion import load_predictor
from sonolesion.imaging.read import image_from_array
from sonolesion.inference.measure import measure_lesions
from sonolesion.writers.dicom import DicomFiles, ImageFindings, write_dicom_results

pytestmark = pytest.mark.e2e

SPACING_MM = (0.1, 0.2)
FRAME = 2


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    (tmp_path / "pacs").mkdir()
    with run_orthanc(tmp_path / "pacs") as server:
        yield server


def make_study(frame: int | None) -> Dataset:
    lesion, nothing = speckle_image(160, 200, radius_px=30), speckle_image(160, 200, radius_px=0)
    pixels = lesion if frame is None else np.stack([nothing, lesion, nothing])
    return add_region(make_source(pixels), SPACING_MM)


def fetch_source(orthanc: Orthanc) -> Dataset:
    """Find the one image of the study by QIDO-RS and get it by WADO-RS."""
    (found,) = orthanc.query(f"/instances?StudyInstanceUID={STUDY}&includefield=all")
    return fetch(orthanc, str(tag(found, "SeriesInstanceUID")), str(tag(found, "SOPInstanceUID")))


def fetch(orthanc: Orthanc, series: str, instance: str) -> Dataset:
    path = f"/studies/{STUDY}/series/{series}/instances/{instance}"
    return read_bytes(orthanc.retrieve(path))


def predict(source: Dataset, bundle: Path, *, frame: int | None) -> ImageFindings:
    pixels = source.pixel_array if frame is None else source.pixel_array[frame - 1]
    predictor = load_predictor(bundle)
    image = image_from_array(pixels)
    prediction = predictor.predict(image)
    return ImageFindings(
        image=image,
        prediction=prediction,
        lesions=measure_lesions(prediction.mask, image.pixels, spacing_mm=SPACING_MM),
        bundle=predictor.info,
        frame=frame,
    )


def read_mask(segmentation: Dataset, source: Dataset, *, frame: int | None) -> np.ndarray:
    buffer = io.BytesIO()
    segmentation.save_as(buffer, enforce_file_format=True)
    found = hd.seg.segread(io.BytesIO(buffer.getvalue()))
    uid = source.SOPInstanceUID
    if frame is None:
        planes = found.get_pixels_by_source_instance([uid])
    else:
        planes = found.get_pixels_by_source_frame(uid, [frame])
    return planes[0].any(axis=-1)


@pytest.mark.parametrize("frame", [None, FRAME], ids=["one frame", "a frame of three"])
def test_results_come_back_under_the_study(
    frame: int | None, orthanc: Orthanc, tiny_bundle_folder: Path, tmp_path: Path
) -> None:
    sent = make_study(frame)
    orthanc.store(save_source(sent, tmp_path / "in.dcm"))
    source = fetch_source(orthanc)
    np.testing.assert_array_equal(source.pixel_array, sent.pixel_array)

    findings = predict(source, tiny_bundle_folder, frame=frame)
    assert findings.lesions.lesions
    files = write_dicom_results(source, findings, tmp_path / "out", stem="case")
    assert len(files.paths) == 3
    orthanc.store(*files.paths)

    check_study(orthanc)
    back = {str(d.Modality): d for d in fetch_results(orthanc)}
    assert set(back) == {"SEG", "SR", "OT"}
    np.testing.assert_array_equal(
        read_mask(back["SEG"], source, frame=frame), findings.prediction.mask
    )
    check_report(back["SR"], findings)
    assert back["OT"].BurnedInAnnotation == "YES"
    check_validity(files)

    again = write_dicom_results(source, findings, tmp_path / "again", stem="case")
    before = orthanc.instances()
    orthanc.store(*again.paths)
    assert sorted(orthanc.instances()) == sorted(before)
    assert len(before) == 4


def test_no_lesion_gives_a_report_and_a_picture(
    orthanc: Orthanc, tiny_bundle_folder: Path, tmp_path: Path
) -> None:
    sent = add_region(make_source(speckle_image(160, 200, radius_px=0)), SPACING_MM)
    orthanc.store(save_source(sent, tmp_path / "in.dcm"))
    findings = predict(fetch_source(orthanc), tiny_bundle_folder, frame=None)
    files = write_dicom_results(tmp_path / "in.dcm", findings, tmp_path / "out", stem="case")
    assert files.segmentation is None
    orthanc.store(*files.paths)
    check_study(orthanc, series=3)
    assert sorted(str(d.Modality) for d in fetch_results(orthanc)) == ["OT", "SR"]


def check_study(orthanc: Orthanc, series: int = 4) -> None:
    """One study of one patient, with a series for each kind of object."""
    (study,) = orthanc.query("/studies?includefield=all")
    assert tag(study, "StudyInstanceUID") == STUDY
    found = orthanc.query(f"/studies/{STUDY}/series")
    modalities = sorted(str(tag(one, "Modality")) for one in found)
    assert modalities == sorted(["US", "SEG", "SR", "OT"] if series == 4 else ["US", "SR", "OT"])
    assert len(orthanc.query("/studies")) == 1
    assert orthanc.get("/patients").count(b'"') == 2


def fetch_results(orthanc: Orthanc) -> list[Dataset]:
    found = orthanc.query(f"/studies/{STUDY}/instances?includefield=all")
    keys = [
        (str(tag(one, "SeriesInstanceUID")), str(tag(one, "SOPInstanceUID")))
        for one in found
        if tag(one, "Modality") != "US"
    ]
    return [fetch(orthanc, series, instance) for series, instance in keys]


def check_report(report: Dataset, findings: ImageFindings) -> None:
    content = hd.sr.ComprehensiveSR.from_dataset(report).content
    group = content.get_image_measurement_groups()[1]
    axes = {m.name.meaning: (m.value, m.unit.value) for m in group.get_measurements()}
    size = findings.lesions.lesions[0].size
    assert axes["Long Axis"] == (pytest.approx(size.longest_mm, abs=1e-4), "mm")
    # the disc of the phantom has a radius of 30 px of .1 x .2 mm: 12 mm wide, 6 mm high
    assert axes["Long Axis"][0] == pytest.approx(12.0, rel=0.1)


def check_validity(files: DicomFiles) -> None:
    if shutil.which("dciodvfy") is None:
        return
    for path in files.paths:
        done = subprocess.run(
            ["dciodvfy", "-new", str(path)], capture_output=True, text=True, timeout=60
        )
        assert "Error" not in done.stdout + done.stderr
