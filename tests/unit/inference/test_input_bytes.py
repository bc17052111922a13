from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sonolesion.errors import UnreadableImageError
from sonolesion.imaging.parts import ImagePart
from sonolesion.inference.input_bytes import InputReader, read_input
from sonolesion.inference.inputs import InputFile


def test_bytes_and_their_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    content = read_input(tmp_path / "a", name="a")
    assert content.data == b"abc"
    assert content.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert content.mtime_ns == (tmp_path / "a").stat().st_mtime_ns


@pytest.mark.parametrize("name", ["gone", ".", "a\0b"])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableImageError, match=r"x: .*Check the path"):
        read_input(tmp_path / name, name="x")


def test_parts_of_one_file_share_its_bytes_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    one, other = (InputFile(str(path), "a", ImagePart(n, None, f"_frame{n}")) for n in (1, 2))
    reader = InputReader()
    first = reader.read(one)
    assert reader.read(other) is first
    path.write_bytes(b"abcd")
    assert reader.read(other).data == b"abcd"
    path.unlink()
    with pytest.raises(UnreadableImageError, match=r"a \[frame 2\]: "):
        reader.read(other)
