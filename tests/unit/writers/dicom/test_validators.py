"""What other programs say of the objects: dciodvfy of dicom3tools, dcmdump and dsrdump of dcmtk."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_results import Written
from dicom_source import make_findings
from drawn_shapes import draw_ellipse
from pydicom import examples

from sonolesion.writers.dicom import write_dicom_results


def run(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which(program) is None:
        package = "dicom3tools" if program == "dciodvfy" else "dcmtk"
        pytest.skip(f"{program} is not installed: apt-get install {package}")
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=60)


def test_dciodvfy_finds_nothing(written: Written) -> None:
    for path in written.files.paths:
        done = run("dciodvfy", "-new", path)
        lines = (done.stdout + done.stderr).splitlines()
        assert not [line for line in lines if line.startswith(("Error", "Warning"))]
        assert lines[0] in {"Segmentation", "ComprehensiveSR", "SCImage"}
        assert done.returncode == 0


def test_dcmdump_reads_each_object(written: Written) -> None:
    for path in written.files.paths:
        done = run("dcmdump", path)
        assert done.returncode == 0
        assert "StudyInstanceUID" in done.stdout
        assert not done.stderr.strip()


def test_dsrdump_reads_the_report(written: Written) -> None:
    done = run("dsrdump", written.files.report)
    assert done.returncode == 0
    assert '"Probability of cancer")="75.0" (%,UCUM,"Percent")' in done.stdout
    has_lesion = written.files.segmentation is not None
    assert ('(,,"Image Region")=(POLYLINE' in done.stdout) == has_lesion


@pytest.mark.parametrize("name", ["rgb_color", "ybr_color", "palette_color", "jpeg2k"])
def test_results_of_real_ultrasound_headers(name: str, tmp_path: Path) -> None:
    """pydicom's own ultrasound files, colour and compressed, one of them of 30 frames."""
    path = Path(examples.get_path(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(path, stop_before_pixels=True)
    frames = int(header.get("NumberOfFrames") or 1)
    shape = (int(header.Rows), int(header.Columns))
    mask = draw_ellipse(shape, centre=(shape[0] / 2, shape[1] / 3), half_axes=(40, 20))
    findings = make_findings(
        mask, pixels=np.full(shape, 90, np.uint8), frame=frames if frames > 1 else None
    )
    files = write_dicom_results(path, findings, tmp_path, stem=name)
    planes = pydicom.dcmread(files.segmentation).pixel_array
    np.testing.assert_array_equal(planes.astype(bool), mask)
    for written in files.paths:
        done = run("dciodvfy", "-new", written)
        assert "Error" not in done.stdout + done.stderr
