"""What is refused, by which word; and that no damaged object gets further than a refusal."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import region, to_bytes
from dicom_source import make_source
from node_peers import make_clip, make_image
from pydicom.dataset import Dataset
from tiny_bundle import speckle_image

from sonolesion import load_predictor
from sonolesion.errors import OutputWriteError
from sonolesion.imaging.dicom.read import DicomContents
from sonolesion.inference import Predictor
from sonolesion.node.reading import Reading, choose_parts, read_into
from sonolesion.node.refusal import Reason

CANARY = "Canary"


@pytest.fixture(scope="module")
def predictor(tiny_bundle_folder: Path) -> Predictor:
    return load_predictor(tiny_bundle_folder, threads=1)


def read(
    data: bytes, folder: Path, predictor: Predictor, *, clip_frames: int = 1, colour: float = 0.02
) -> Reading:
    path, out = folder / "object.dcm", folder / "out"
    path.write_bytes(data)
    return read_into(
        path, out, name="abc", predictor=predictor, clip_frames=clip_frames,
        max_colour_share=colour,
    )  # fmt: skip


def test_results_in_order_of_sending(tmp_path: Path, predictor: Predictor) -> None:
    reading = read(to_bytes(make_image()), tmp_path, predictor)
    assert reading.refusal is None
    kinds = [str(pydicom.dcmread(path).Modality) for path in reading.files]
    assert kinds == ["SEG", "SR", "OT"]
    assert [path.stem.rpartition("_")[2] for path in reading.files] == ["seg", "sr", "sc"]


def test_the_same_uids_as_predict_gives(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    """And the same in another reading: a PACS that has them keeps one."""
    from typer.testing import CliRunner

    from sonolesion.cli.app import app

    predictor = load_predictor(tiny_bundle_folder, threads=1)
    reading = read(to_bytes(make_image()), tmp_path, predictor)
    words = ["predict", tmp_path / "object.dcm", "-o", tmp_path / "run", "--dicom", "-q",
             "-b", tiny_bundle_folder]  # fmt: skip
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    theirs = sorted((tmp_path / "run" / "dicom").iterdir())
    assert {uid(path) for path in theirs} == {uid(path) for path in reading.files}


def uid(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)


def test_all_frames_of_a_clip(tmp_path: Path, predictor: Predictor) -> None:
    reading = read(to_bytes(make_clip()), tmp_path, predictor, clip_frames=0)
    segmented = [p.name for p in reading.files if p.name.endswith("_seg.dcm")]
    assert segmented == ["image00003_seg.dcm"]
    assert len(reading.files) == 5 * 2 + 1


def test_choice_of_frames() -> None:
    def frames(n: int, wanted: int) -> list[int]:
        parts = choose_parts(DicomContents(frames=n, views=1), clip_frames=wanted)
        return [frame for frame, _ in parts]

    assert frames(1, 1) == [1]
    assert frames(2, 1) == [2]
    assert frames(10, 1) == [6]
    assert frames(4, 0) == frames(4, 9) == [1, 2, 3, 4]
    assert frames(100, 4) == [13, 38, 63, 88]
    both = choose_parts(DicomContents(frames=2, views=2), clip_frames=0)
    assert both == ((1, 1), (1, 2), (2, 1), (2, 2))


def coloured() -> Dataset:
    grey = speckle_image(160, 200, radius_px=30)
    pixels = np.stack([grey] * 3, axis=-1)
    pixels[60:100, 60:120] = (220, 30, 30)
    image = make_source(grey, SOPInstanceUID="2.25.7799")
    image.SamplesPerPixel, image.PhotometricInterpretation = 3, "RGB"
    image.PlanarConfiguration, image.PixelData = 0, pixels.tobytes()
    return image


def without(image: Dataset, keyword: str) -> Dataset:
    del image[keyword]
    return image


SPECTRUM = region(0, 0, 199, 159, spatial_format=3, data_type=3)
FLOW = region(0, 0, 199, 159, data_type=2)
REFUSED = {
    "another modality": (lambda: make_image(Modality="CT"), Reason.NOT_ULTRASOUND),
    "no pixels": (lambda: without(make_image(Modality="SR"), "PixelData"), Reason.NO_PIXELS),
    "spectrum": (lambda: with_region(SPECTRUM), Reason.DOPPLER),
    "colour flow region": (lambda: with_region(FLOW), Reason.DOPPLER),
    "colour": (coloured, Reason.DOPPLER),
    "unknown pixels": (
        lambda: make_image(PhotometricInterpretation="CMYK"),
        Reason.NOT_DECODABLE,
    ),
    "contradiction": (lambda: make_image(BitsStored=12), Reason.DAMAGED),
    "too small": (
        lambda: make_source(speckle_image(20, 20, radius_px=0), SOPInstanceUID="2.25.7790"),
        Reason.SIZE,
    ),
    "nothing on it": (
        lambda: make_source(np.zeros((160, 200), np.uint8), SOPInstanceUID="2.25.7791"),
        Reason.NOT_B_MODE,
    ),
    "no study": (lambda: without(make_image(), "StudyInstanceUID"), Reason.NO_IDENTIFIER),
    "ours": (lambda: make_image(Manufacturer="sonolesion"), Reason.OWN_RESULT),
}


def with_region(item: Dataset) -> Dataset:
    image = make_image()
    image.SequenceOfUltrasoundRegions = [item]
    return image


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str, tmp_path: Path, predictor: Predictor) -> None:
    make, reason = REFUSED[kind]
    image = make()
    image.PatientName, image.PatientID = f"{CANARY}^Anna", CANARY
    reading = read(to_bytes(image), tmp_path, predictor)
    assert reading.refusal is not None
    assert reading.refusal.reason is reason
    assert not reading.files
    assert CANARY not in reading.refusal.message
    assert "2.25." not in reading.refusal.message
    assert reading.refusal.code.startswith("E-IMG-")


def test_colour_may_be_allowed(tmp_path: Path, predictor: Predictor) -> None:
    reading = read(to_bytes(coloured()), tmp_path, predictor, colour=1.0)
    assert reading.refusal is None


@pytest.mark.parametrize("length", [0, 1, 131, 200, 700, 20_000])
def test_cut_off(length: int, tmp_path: Path, predictor: Predictor) -> None:
    reading = read(to_bytes(make_image())[:length], tmp_path, predictor)
    assert reading.refusal is not None
    assert reading.refusal.reason in (Reason.DAMAGED, Reason.NO_PIXELS)


def test_damaged_headers_are_read_or_refused(tmp_path: Path, predictor: Predictor) -> None:
    """300 changes of the head of an object: never another exception, never a name."""
    image = make_image(PatientName=f"{CANARY}^Anna", AccessionNumber=CANARY)
    data, chance = to_bytes(image), random.Random(11)
    head = data.index(image.PixelData[:50])
    outcomes = set()
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            changed[chance.randrange(132, head)] = chance.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the reader's process has no stderr
            reading = read(bytes(changed), tmp_path, predictor)
        outcomes.add(reading.refusal and reading.refusal.reason)
        if reading.refusal is not None:
            assert CANARY not in reading.refusal.message
    assert {None, Reason.DAMAGED, Reason.NO_IDENTIFIER} <= outcomes


def test_a_file_that_is_gone(tmp_path: Path, predictor: Predictor) -> None:
    reading = read_into(
        tmp_path / "none", tmp_path, name="abc", predictor=predictor, clip_frames=1,
        max_colour_share=0.02,
    )  # fmt: skip
    assert reading.refusal is not None
    assert reading.refusal.reason is Reason.LOST


def test_a_full_disk_is_no_refusal(tmp_path: Path, predictor: Predictor) -> None:
    (tmp_path / "out").write_bytes(b"in the way")
    with pytest.raises(OutputWriteError):
        read(to_bytes(make_image()), tmp_path, predictor)
