from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonolesion.errors import InvalidInputError
from sonolesion.inference.inputs import folder_test, list_inputs, printable_path
from sonolesion.inference.shard import Shard


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = (
        "b/x.png", "a/x.png", "a/x.jpg", "a/deep/y.TIF", "a/x_mask.png", "a/x_mask_1.png",
        "a/notes.txt", "a/.hidden.png", ".git/z.png", "benign (1) [2].png",
    )  # fmt: skip
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*inputs: str, exclude: Path | None = None) -> list[str]:
    return [file.name for file in list_inputs(inputs, exclude=exclude).files]


def test_folder_is_searched_in_a_fixed_order(tree: Path) -> None:
    assert names(".") == ["benign (1) [2].png", "a/x.jpg", "a/x.png", "a/deep/y.TIF", "b/x.png"]


def test_what_is_left_out_is_listed(tree: Path) -> None:
    listing = list_inputs(["a"])
    assert [str(p) for p in listing.skipped_masks] == ["a/x_mask.png", "a/x_mask_1.png"]
    assert [str(p) for p in listing.skipped_others] == ["a/notes.txt"]


def test_pattern_and_recursive_pattern(tree: Path) -> None:
    assert names("a/*.png") == ["a/x.png"]
    assert names("**/*.png") == ["a/x.png", "b/x.png", "benign (1) [2].png"]


def test_existing_file_with_brackets_is_no_pattern(tree: Path) -> None:
    assert names("benign (1) [2].png") == ["benign (1) [2].png"]


def test_each_file_once(tree: Path) -> None:
    assert names("a/x.png", "a", "./a/x.png", str(tree / "b" / "x.png"), "b") == [
        "a/x.png", "a/x.jpg", "a/deep/y.TIF", printable_path(tree / "b" / "x.png"),
    ]  # fmt: skip


def test_missing_file_is_listed_so_that_it_costs_a_row(tree: Path) -> None:
    assert names("a/x.png", "gone.png", "*.gone") == ["a/x.png", "gone.png", "*.gone"]


def test_single_mask_is_taken_among_others_it_is_skipped(tree: Path) -> None:
    assert names("a/x_mask.png") == ["a/x_mask.png"]
    assert names("a/x_mask.png", "a/x.png") == ["a/x.png"]


def test_output_folder_is_not_searched(tree: Path) -> None:
    assert names(".", exclude=Path("a")) == ["benign (1) [2].png", "b/x.png"]
    assert names("*/x.png", exclude=Path("a")) == ["b/x.png"]


@pytest.mark.parametrize("inputs", [["*.nothing"], ["gone.png"], ["empty"], ["a/x_mask*.png"]])
def test_nothing_found_is_an_error(tree: Path, inputs: list[str]) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no image found"):
        list_inputs(inputs)


def test_stems_never_collide_in_any_letter_case(tree: Path) -> None:
    (tree / "b" / "X.png").write_bytes(b"")
    stems = [f.stem for f in list_inputs(["b", "a"]).files]
    assert stems == ["X", "b_x", "a_x", "a_x-2", "y"]


def test_stem_of_an_odd_name_is_writable_everywhere(tmp_path: Path) -> None:
    long = tmp_path / ("é" * 110 + ".png")
    long.write_bytes(b"")
    odd = tmp_path / 'a:b*"c\n.png'
    stems = [f.stem for f in list_inputs([str(odd), str(long)]).files]
    assert stems[0] == "a_b__c"
    assert len(stems[1].encode()) <= 120


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes on POSIX only")
def test_name_that_is_not_utf8_is_printable() -> None:
    assert printable_path(os.fsdecode(b"a\xff.png")) == "a\\xff.png"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_link_to_a_parent_folder_is_not_followed(tree: Path) -> None:
    (tree / "b" / "loop").symlink_to(tree, target_is_directory=True)
    assert names("b") == ["b/x.png"]


def test_dicom_files_named_alike_get_a_number_and_not_the_name_of_their_folder(
    tmp_path: Path,
) -> None:
    for folder in ("doe jane", "roe rita"):
        (tmp_path / folder).mkdir()
        for name in ("IMG1", "IMG2.dcm", "IMG3.png"):
            (tmp_path / folder / name).write_bytes(bytes(128) + b"DICM")
    stems = [file.stem for file in list_inputs([str(tmp_path)]).files]
    assert stems == ["IMG1", "IMG2", "IMG3", "IMG1-2", "IMG2-2", "roe rita_IMG3"]


def test_shards_share_out_the_files_and_no_two_names_are_alike(tree: Path) -> None:
    whole = list_inputs(["."]).files
    parts = [list_inputs(["."], shard=Shard(number, 2)).files for number in (1, 2)]
    assert parts[0] == whole[::2]
    assert parts[1] == whole[1::2]
    assert list_inputs(["."], shard=Shard(9, 9)).files == ()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_folder_test_follows_links(tree: Path) -> None:
    (tree / "link").symlink_to(tree / "a", target_is_directory=True)
    (tree / "b" / "x-link.png").symlink_to(tree / "a" / "x.png")
    is_inside = folder_test(Path("a"))
    inside = ["a/x.png", "./a/deep/y.TIF", "link/x.png", "link", "b/x-link.png", "a/not/there"]
    assert all(map(is_inside, inside))
    assert not any(map(is_inside, ["b/x.png", "x.png", "ab/x.png"]))
    assert not folder_test(None)("a/x.png")
