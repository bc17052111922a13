"""Files that DCMTK compressed, another implementation than any that decodes here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from dicom_files import make_dataset, to_bytes
from mutations import speckle

from sonolesion.imaging.read import read_image

GREY = speckle(64, 80)
OBJECTS = {
    "grey": make_dataset(GREY),
    "rgb": make_dataset(np.stack([GREY, GREY, 255 - GREY], axis=2)),
    "12-bit": make_dataset(GREY.astype(np.uint16) * 16, bits_stored=12),
    "clip": make_dataset(np.stack([255 - GREY, GREY, GREY // 2]), frames=3),
}
LOSSLESS = ("dcmcjpeg +e1", "dcmcjpeg +el", "dcmcjpls +el", "dcmcrle", "dcmconv +tb", "dcmconv +ti",
            "dcmconv +td")  # fmt: skip
LOSSY = (("dcmcjpeg +eb", "dcmdjpeg"), ("dcmcjpls +en", "dcmdjpls"))


def run(command: str, source: Path, target: Path) -> None:
    tool, *options = command.split()
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed: apt install dcmtk")
    subprocess.run([tool, *options, source, target], check=True)


def write(name: str, folder: Path) -> Path:
    dataset = OBJECTS[name]
    for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(dataset, keyword, "1.2.3")
    (folder / "in.dcm").write_bytes(to_bytes(dataset))
    return folder / "in.dcm"


def levels(path: Path, name: str) -> np.ndarray:
    return read_image(path, frame=2 if name == "clip" else None).pixels.astype(int)


@pytest.mark.parametrize("command", LOSSLESS)
@pytest.mark.parametrize("name", OBJECTS)
def test_lossless_is_the_same_to_the_pixel(name: str, command: str, tmp_path: Path) -> None:
    source = write(name, tmp_path)
    run(command, source, tmp_path / "out.dcm")
    assert np.array_equal(levels(source, name), levels(tmp_path / "out.dcm", name))


@pytest.mark.parametrize(("command", "back"), LOSSY)
@pytest.mark.parametrize("name", ["grey", "rgb", "clip"])
def test_lossy_is_what_dcmtk_makes_of_it(
    name: str, command: str, back: str, tmp_path: Path
) -> None:
    run(command, write(name, tmp_path), tmp_path / "lossy.dcm")
    run(back, tmp_path / "lossy.dcm", tmp_path / "plain.dcm")
    ours, theirs = levels(tmp_path / "lossy.dcm", name), levels(tmp_path / "plain.dcm", name)
    # JPEG's inverse transform may be rounded otherwise, and colour is scaled up from half its width
    assert np.abs(ours - theirs).max() <= (0 if "jpls" in command else 4)
