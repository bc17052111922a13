"""DICOM files among the inputs, and what the network sees of their frames."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_bundle import speckle_image

pytest.importorskip("pydicom", reason="needs the extra [dicom]")

from dicom_files import make_file, region

from sonolesion.bundle import Bundle
from sonolesion.errors import ImageError, InvalidInputError, UnsupportedImageError
from sonolesion.imaging.parts import ONLY_PART
from sonolesion.inference import FailedInput, Predictor
from sonolesion.inference.inputs import InputFile, ReadOptions, list_inputs

SCAN = speckle_image(128, 160)
AREA = (slice(20, 148), slice(30, 190))


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    return Predictor(tiny_bundle, threads=1)


def screen(surround: int) -> np.ndarray:
    """The scan on a larger screen that shows other things around it."""
    pixels = np.full((200, 260), surround, np.uint8)
    pixels[::2] //= 2
    pixels[AREA] = SCAN
    return pixels


def two_views() -> np.ndarray:
    pixels = np.zeros((140, 340), np.uint8)
    pixels[5:133, 5:165], pixels[5:133, 175:335] = SCAN, speckle_image(128, 160, radius_px=0)
    return pixels


VIEWS = (region(5, 5, 164, 132), region(175, 5, 334, 132))


@pytest.mark.parametrize("surround", [0, 60, 255])
def test_what_lies_around_the_scan_changes_nothing(predictor: Predictor, surround: int) -> None:
    data = make_file(screen(surround), regions=(region(30, 20, 189, 147),))
    whole, alone = predictor.predict(data), predictor.predict(SCAN)
    assert whole.mask.shape == whole.lesion_prob.shape == (200, 260)
    assert np.array_equal(whole.lesion_prob[AREA], alone.lesion_prob)
    assert np.array_equal(whole.mask[AREA], alone.mask)
    assert np.array_equal(whole.class_prob, alone.class_prob)
    assert whole.mask.sum() == alone.mask.sum() > 0
    outside = np.ones((200, 260), bool)
    outside[AREA] = False
    assert not whole.lesion_prob[outside].any()
    assert whole.mask_coverage == pytest.approx(alone.mask.sum() / (200 * 260))


def test_lesions_are_measured_on_the_scan_and_placed_on_the_frame(predictor: Predictor) -> None:
    """Spacing of `region`: .2 x .1 mm; the scan begins at row 20, column 30 of the frame."""
    data = make_file(screen(90), regions=(region(30, 20, 189, 147),))
    (whole,) = predictor.predict(data).lesions
    (alone,) = predictor.predict(SCAN, spacing_mm=(0.2, 0.1)).lesions
    assert whole.size == alone.size
    assert whole.size.longest_mm is not None
    assert whole.size_range == alone.size_range
    assert (whole.echo, whole.posterior, whole.draft) == (alone.echo, alone.posterior, alone.draft)
    assert whole.place.depth_top_mm == alone.place.depth_top_mm
    for found, expected in (
        (whole.place.centroid_px, alone.place.centroid_px),
        (whole.longest_ends_px[0], alone.longest_ends_px[0]),
        (whole.longest_ends_px[1], alone.longest_ends_px[1]),
        (whole.perpendicular_ends_px[0], alone.perpendicular_ends_px[0]),
        (whole.perpendicular_ends_px[1], alone.perpendicular_ends_px[1]),
    ):
        assert found == (expected[0] + 20, expected[1] + 30)


def test_the_gate_looks_at_the_scan_area_only(predictor: Predictor) -> None:
    rgb = np.stack([screen(0)] * 3, axis=2)
    rgb[:15] = (255, 0, 0)
    data = make_file(rgb, regions=(region(30, 20, 189, 147),))
    assert not any("coloured" in note for note in predictor.predict(data).notes)
    assert any("coloured" in note for note in predictor.predict(make_file(rgb)).notes)


def test_frame_view_and_spacing_are_choices_of_a_file(predictor: Predictor) -> None:
    clip = make_file(np.stack([np.zeros_like(SCAN), SCAN]), frames=2)
    assert predictor.predict(clip, frame=2).mask.any()
    with pytest.raises(UnsupportedImageError, match="no ultrasound content"):
        predictor.predict(clip, frame=1)
    assert isinstance(predictor.attempt(clip), FailedInput)
    views = make_file(two_views(), regions=VIEWS)
    assert predictor.predict(views, view=1).mask[:, :170].any()
    assert not predictor.predict(views, view=2).mask.any()
    for choice in ({"frame": 1}, {"view": 1}):
        with pytest.raises(InvalidInputError, match="of a file only"):
            predictor.predict(SCAN, **choice)
    noted = predictor.predict(SCAN, spacing_mm=(0.1, 0.2)).notes
    assert "pixel size given by hand: 0.1 x 0.2 mm (row x column)" in noted


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "study"
    folder.mkdir()
    plain = make_file(SCAN)
    for name in ("a.dcm", "b.DICOM", "IM_0001", "1.2.840.113.7", "scan.v2"):
        (folder / name).write_bytes(plain)
    (folder / "DICOMDIR").write_bytes(plain)
    (folder / "README").write_text("hello there")
    (folder / "views.dcm").write_bytes(make_file(two_views(), regions=VIEWS))
    (folder / "clip.dcm").write_bytes(make_file(np.stack([SCAN] * 11), frames=11))
    return tmp_path


def test_dicom_files_of_a_folder_are_found_with_and_without_suffix(tree: Path) -> None:
    listing = list_inputs(["study"])
    assert [f.name for f in listing.files] == [
        "study/1.2.840.113.7", "study/IM_0001", "study/a.dcm", "study/b.DICOM", "study/clip.dcm",
        "study/views.dcm [view 1]", "study/views.dcm [view 2]",
    ]  # fmt: skip
    assert [f.stem for f in listing.files] == [
        "1.2.840.113.7", "IM_0001", "a", "b", "clip", "views_view1", "views_view2",
    ]  # fmt: skip
    others = [Path(p).name for p in listing.skipped_others]
    assert others == ["DICOMDIR", "README", "scan.v2"]


def test_all_frames_of_a_clip(tree: Path) -> None:
    listing = list_inputs(["study/clip.dcm"], options=ReadOptions(frame="all"))
    assert [f.stem for f in listing.files][:2] == ["clip_frame01", "clip_frame02"]
    assert listing.files[10].name == "study/clip.dcm [frame 11]"
    assert np.array_equal(listing.files[10].read().pixels, SCAN)
    assert len(listing.files) == 11
    (chosen,) = list_inputs(["study/clip.dcm"], options=ReadOptions(frame=7)).files
    assert (chosen.stem, chosen.part.frame) == ("clip_frame07", 7)


def test_plain_files_share_one_part(tree: Path) -> None:
    for name in ("x.png", "y.png"):
        (tree / name).write_bytes(b"")
    files = list_inputs(["x.png", "y.png", "gone\0.png", "gone"]).files
    assert all(file.part is ONLY_PART for file in files)
    one, other = list_inputs(["x.png", "y.png"], options=ReadOptions(frame=3)).files
    assert one.part is other.part


def test_a_clip_without_a_choice_and_a_damaged_file_cost_one_row_each(tree: Path) -> None:
    (tree / "cut.dcm").write_bytes(make_file(SCAN)[:-99])
    listing = list_inputs(["study/clip.dcm", "cut.dcm"])
    assert [f.stem for f in listing.files] == ["clip", "cut"]
    for file, reason in zip(listing.files, ("holds 11 frames", "truncated"), strict=True):
        with pytest.raises(ImageError, match=reason):
            file.read()


def test_spacing_by_hand_reaches_every_image(tree: Path) -> None:
    listing = list_inputs(["study/views.dcm"], options=ReadOptions(spacing_mm=(0.1, 0.2)))
    assert [f.read().spacing_mm for f in listing.files] == [(0.1, 0.2)] * 2


def test_a_picture_does_not_import_pydicom(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(SCAN).save(path)
    code = (
        "import sys; from sonolesion.inference.inputs import list_inputs\n"
        f"list_inputs([{str(path)!r}]).files[0].read(); print('pydicom' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_several_threads_read_the_same(tree: Path) -> None:
    files = list_inputs(["study"], options=ReadOptions(frame="all")).files
    alone = [file.read() for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(InputFile.read, files * 5))
    for one, other in zip(alone * 5, together, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert one.notes == other.notes
