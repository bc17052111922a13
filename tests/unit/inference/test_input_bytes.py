from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sonolesion.errors import UnreadableImageError
from sonolesion.inference.input_bytes import read_input


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
