"""Whole or not at all, with an explanation."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from sonolesion import files
from sonolesion.errors import OutputWriteError


@pytest.fixture
def full_disk(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, full_disk):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(OutputWriteError, match=r"a\.txt: the disk is full"):
        files.atomic_write_text(tmp_path / "a.txt", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_path_through_a_file_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputWriteError, match="in the way: choose another output folder"):
        files.atomic_write_text(tmp_path / "file" / "b.txt", "x")


def test_a_folder_takes_its_place_only_when_it_is_whole(tmp_path):
    target = tmp_path / "out"
    with files.atomic_folder(target) as work:
        (work / "a").write_text("1")

    def write_and_fail() -> None:
        with files.atomic_folder(target) as work:
            (work / "b").write_text("2")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_fail()
    assert [p.name for p in target.iterdir()] == ["a"]
    with files.atomic_folder(target) as work:
        (work / "c").write_text("3")
    assert [p.name for p in target.iterdir()] == ["c"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_csv_cells_cannot_be_formulas(tmp_path):
    files.atomic_write_csv(tmp_path / "t.csv", ["a", "b"], [{"a": "=1+1", "b": -0.5}, {"a": None}])
    assert (tmp_path / "t.csv").read_text() == "a,b\n'=1+1,-0.5\n,\n"


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        files.atomic_write_json(tmp_path / "t.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


def test_hash_of_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256_file(tmp_path / "x").startswith("ba7816bf8f01cfea")


def test_umask_survives_many_threads(tmp_path):
    """Two threads that read the mask at the same time could leave the process without one."""
    before = files._umask()
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: files._umask(), range(2000)))
    assert set(seen) == {before}
    assert files._umask() == before


def test_an_unfinished_stream_leaves_the_old_table(tmp_path):
    (tmp_path / "t.csv").write_text("old")

    def write_and_fail() -> None:
        with files.atomic_csv(tmp_path / "t.csv", ["a"]) as add_row:
            add_row({"a": 1})
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_fail()
    assert (tmp_path / "t.csv").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
