import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.data import prepare as prepare_module
from sonolesion.data.manifest import (
    LEFT_OUT,
    Manifest,
    ManifestRow,
    hash_split,
    join_hashes,
    read_manifest,
    write_manifest,
)
from sonolesion.data.prepare import PrepareSettings, prepare
from sonolesion.data.verify import verify
from sonolesion.errors import DatasetError, VerificationError
from sonolesion.files import sha256_file


@pytest.fixture
def prepared(thirty, texture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound grouped split with a pair of twins, benign (50) and benign (51)."""
    monkeypatch.setattr(prepare_module, "draw_prepared", lambda _: {})
    for number in (50, 51):
        thirty.add("benign", number, texture(7))
    prepare(thirty.root, tmp_path / "out", settings=PrepareSettings(image_size_px=96, workers=2))
    return tmp_path / "out"


def failures(prepared: Path, **how: object) -> dict[str, list[str]]:
    report = verify(prepared, workers=2, **how)  # type: ignore[arg-type]
    return {c.name: [f.file for f in c.findings] for c in report.checks if c.findings}


def change(prepared: Path, edit: Callable[[ManifestRow], ManifestRow], *, rehash: bool) -> None:
    manifest = read_manifest(prepared)
    rows = tuple(edit(row) for row in manifest.rows)
    record = replace(manifest.record, split_hash=hash_split(rows)) if rehash else manifest.record
    write_manifest(Manifest(rows, record, manifest.folder))


def move_one_twin(prepared: Path, *, own_group: bool) -> str:
    """Move benign (51) to another part, with its files and hashes in good order."""
    manifest = read_manifest(prepared)
    row = next(row for row in manifest.rows if row.case_id == "benign (51)")
    part = "test" if row.part == "train" else "train"
    names = [n.replace(row.part, part, 1) for n in (row.processed_image, row.processed_mask)]
    for old, new in zip((row.processed_image, row.processed_mask), names, strict=True):
        shutil.move(manifest.folder / old, manifest.folder / new)
    group = row.case_id if own_group else row.group
    moved = replace(row, part=part, group=group, processed_image=names[0], processed_mask=names[1])
    change(prepared, lambda r: moved if r.case_id == row.case_id else r, rehash=True)
    return names[0]


def test_a_sound_folder_passes_every_check(prepared: Path, thirty) -> None:
    report = verify(prepared, dataset=thirty.root)
    assert report.findings == ()
    assert report.warnings == ()
    assert [c.name for c in report.checks] == [
        "files", "hash", "size", "mask", "extra", "counts", "groups", "twins", "raw"
    ]  # fmt: skip
    assert all(c.checked >= 30 for c in report.checks)
    report.raise_if_failed()


def test_a_leaking_split_fails_by_its_groups(prepared: Path) -> None:
    move_one_twin(prepared, own_group=False)
    found = failures(prepared)
    assert found.keys() == {"groups", "twins"}
    assert found["groups"] == ["benign (50)"]
    with pytest.raises(VerificationError, match=r"benign \(51\) in .* too good"):
        verify(prepared).raise_if_failed()


def test_a_leaking_split_that_hides_its_groups_fails_by_its_pictures(prepared: Path) -> None:
    move_one_twin(prepared, own_group=True)
    assert failures(prepared).keys() == {"twins"}
    assert failures(prepared, look_for_twins=False) == {}


def test_a_tampered_image_fails_by_its_hash(prepared: Path) -> None:
    row = read_manifest(prepared).part("train")[0]
    path = prepared / "processed" / row.processed_image
    pixels = np.array(Image.open(path))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(path)
    assert failures(prepared) == {"hash": [row.processed_image]}
    finding = verify(prepared).findings[0]
    assert "sonolesion prepare" in finding.message


@pytest.mark.parametrize("tamper", ["delete", "truncate", "text"])
def test_lost_and_damaged_files_are_named(prepared: Path, tamper: str) -> None:
    row = read_manifest(prepared).part("val")[0]
    path = prepared / "processed" / row.processed_image
    if tamper == "delete":
        path.unlink()
    elif tamper == "truncate":
        path.write_bytes(path.read_bytes()[:300])
    else:
        path.write_text("hello")
    assert failures(prepared)["files"] == [row.processed_image]


def rewrite(prepared: Path, column: str, pixels: np.ndarray) -> str:
    """Replace a processed file and its recorded hash, so that the hash check passes."""
    row = read_manifest(prepared).part("train")[0]
    name = getattr(row, column)
    Image.fromarray(pixels).save(prepared / "processed" / name)
    both = [prepared / "processed" / n for n in (row.processed_image, row.processed_mask)]
    new = replace(row, processed_sha256=join_hashes(map(sha256_file, both)))
    change(prepared, lambda r: new if r.case_id == row.case_id else r, rehash=False)
    return name


def test_a_mask_with_grey_edges_fails(prepared: Path) -> None:
    grey = np.zeros((96, 96), np.uint8)
    grey[20:40, 20:40] = 255
    grey[20, 20:40] = 128
    name = rewrite(prepared, "processed_mask", grey)
    (finding,) = verify(prepared).findings
    assert (finding.check, finding.file) == ("mask", name)
    assert "20 pixels are neither 0 nor 255" in finding.message


def test_an_emptied_mask_fails(prepared: Path) -> None:
    name = rewrite(prepared, "processed_mask", np.zeros((96, 96), np.uint8))
    assert failures(prepared) == {"mask": [name]}


def test_another_size_fails(prepared: Path) -> None:
    name = rewrite(prepared, "processed_image", np.zeros((95, 96), np.uint8))
    assert failures(prepared, look_for_twins=False) == {"size": [name]}


def test_a_case_moved_in_the_manifest_alone_fails(prepared: Path) -> None:
    first = read_manifest(prepared).part("train")[0].case_id
    change(prepared, lambda r: replace(r, part="test") if r.case_id == first else r, rehash=False)
    messages = [f.message for f in verify(prepared).findings if f.check == "counts"]
    assert any("do not go with" in m for m in messages)
    assert any("split hash" in m for m in messages)


def test_a_case_that_stands_twice_an_unknown_part_and_an_empty_part_fail(prepared: Path) -> None:
    path = prepared / "processed" / "manifest.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    assert any("stands 2 times" in f.message for f in verify(prepared).findings)
    change(prepared, lambda r: replace(r, part="exam" if r.part == "val" else r.part), rehash=True)
    messages = " ".join(f.message for f in verify(prepared).findings)
    assert "part 'exam', expected one of test, train, val" in messages
    assert "part val holds no case" in messages


def test_a_file_too_many_is_named(prepared: Path) -> None:
    extra = prepared / "processed" / "train" / "benign" / "stranger.png"
    extra.write_bytes(b"x")
    assert failures(prepared) == {"extra": ["train/benign/stranger.png"]}


def test_a_changed_raw_file_is_named(prepared: Path, thirty, texture) -> None:
    row = read_manifest(prepared).part("test")[0]
    Image.fromarray(texture(99)).save(thirty.root / row.image)
    (thirty.root / row.masks[0]).unlink()
    assert failures(prepared, dataset=thirty.root) == {"raw": [row.image, row.masks[0]]}


def test_the_mission_protocol_warns_of_its_leaks(prepared: Path) -> None:
    move_one_twin(prepared, own_group=False)
    manifest = read_manifest(prepared)
    record = replace(manifest.record, protocol="mission")
    write_manifest(Manifest(manifest.rows, record, manifest.folder))
    report = verify(prepared)
    assert report.findings == ()
    assert report.warnings[0].startswith("1 groups of near-duplicates straddle parts")


def test_cases_left_out_need_no_files(prepared: Path) -> None:
    row = read_manifest(prepared).part("train")[0]
    for name in (row.processed_image, row.processed_mask):
        (prepared / "processed" / name).unlink()
    gone = replace(row, part=LEFT_OUT, processed_image="", processed_mask="", processed_sha256="")
    change(prepared, lambda r: gone if r.case_id == row.case_id else r, rehash=True)
    assert failures(prepared) == {}


def test_no_prepared_folder_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="sonolesion prepare"):
        verify(tmp_path)
