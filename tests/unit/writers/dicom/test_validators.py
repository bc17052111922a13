"""What other programs say of the objects: dciodvfy of dicom3tools, dcmdump and dsrdump of dcmtk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from dicom_results import Written


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
