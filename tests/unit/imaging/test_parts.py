from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.parts import ImagePart, list_parts, parse_frame

GREY = np.random.default_rng(1).integers(0, 256, (12, 60, 120)).astype(np.uint8)


def test_text() -> None:
    assert parse_frame("12") == 12
    assert parse_frame(" ALL ") == "all"
    for text in ("0", "-1", "first", "", "1.5"):
        with pytest.raises(InvalidInputError, match="a number from 1, or all"):
            parse_frame(text)


def test_a_picture_is_one_part(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(GREY[0]).save(path)
    for frame in (None, "all"):
        assert list_parts(path, frame=frame) == (ImagePart(),)
    assert list_parts(path, frame=1) == (ImagePart(1),)
    assert list_parts(path, frame=1)[0].label == ""
    assert list_parts(tmp_path / "missing.dcm", frame="all") == (ImagePart(),)


def test_frames_and_views_of_a_dicom_file(tmp_path: Path) -> None:
    pytest.importorskip("pydicom", reason="needs the extra [dicom]")
    from dicom_files import make_file, region

    views = (region(0, 0, 50, 50), region(60, 0, 110, 50))
    path = tmp_path / "clip.dcm"
    path.write_bytes(make_file(GREY, frames=12, regions=views))
    parts = list_parts(path, frame="all")
    assert len(parts) == 24
    assert parts[0] == ImagePart(1, 1, "_frame01_view1")
    assert parts[-1] == ImagePart(12, 2, "_frame12_view2")
    assert parts[-1].label == "frame 12, view 2"
    assert list_parts(path, frame=3) == (
        ImagePart(3, 1, "_frame03_view1"),
        ImagePart(3, 2, "_frame03_view2"),
    )
    path.write_bytes(make_file(GREY[0], regions=views))
    assert [p.suffix for p in list_parts(path)] == ["_view1", "_view2"]
    path.write_bytes(make_file(GREY, frames=12))
    assert list_parts(path) == (ImagePart(),)
    path.write_bytes(make_file(GREY, frames=12)[:-50])
    assert list_parts(path, frame="all") == (ImagePart(),)
