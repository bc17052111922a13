import errno
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from sonolesion.data import prepare as prepare_module
from sonolesion.data.manifest import LEFT_OUT, hash_split, join_hashes, read_manifest
from sonolesion.data.prepare import PrepareSettings, prepare
from sonolesion.errors import (
    DatasetError,
    InvalidInputError,
    OutputExistsError,
    OutputWriteError,
)
from sonolesion.files import sha256_file
from sonolesion.imaging.geometry import ResizeMode

SMALL = PrepareSettings(image_size_px=64, workers=2)


PLOTS = ("class_distribution.png", "split_distribution.png", "sample_images.png")


@pytest.fixture(autouse=True)
def quick_plots(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time; only the tests that look at plots draw them."""
    if "bytes" not in request.node.name and "plots" not in request.node.name:
        monkeypatch.setattr(prepare_module, "draw_prepared", lambda _: dict.fromkeys(PLOTS, b""))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_folder_holds_what_the_manifest_says(thirty, tmp_path: Path) -> None:
    result = prepare(thirty.root, tmp_path / "out", settings=SMALL)
    manifest = read_manifest(tmp_path / "out")
    assert manifest == result.manifest
    assert not result.unchanged
    assert result.skipped == ()
    assert Counter((r.part, r.label.value) for r in manifest.rows) == {
        ("train", "benign"): 12, ("val", "benign"): 2, ("test", "benign"): 1,
        ("train", "malignant"): 7, ("val", "malignant"): 1, ("test", "malignant"): 1,
        ("train", "normal"): 4, ("val", "normal"): 1, ("test", "normal"): 1,
    }  # fmt: skip
    assert [r.case_id for r in manifest.rows] == sorted(r.case_id for r in manifest.rows)
    for row in manifest.rows:
        files = [manifest.folder / row.processed_image, manifest.folder / row.processed_mask]
        assert row.processed_image == f"{row.part}/{row.label.value}/{row.case_id}.png"
        assert join_hashes(map(sha256_file, files)) == row.processed_sha256
        assert row.image_sha256 == sha256_file(thirty.root / row.image)
        with Image.open(files[0]) as image, Image.open(files[1]) as mask:
            assert image.size == mask.size == (64, 64)
            assert image.mode == mask.mode == "L"
            values = set(np.unique(np.asarray(mask)).tolist())
            assert values == ({0} if row.label.value == "normal" else {0, 255})
    named = {n for r in manifest.rows for n in (r.processed_image, r.processed_mask)}
    there = set(contents(manifest.folder))
    assert there == named | {"manifest.csv", "split.json"}


def test_summary_and_plots_are_written(thirty, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare(thirty.root, out, settings=SMALL)
    text = (out / "data_result.txt").read_text()
    assert "Images used       30" in text
    assert "train                 4         12          7         23" in text
    assert "Research use only" in text
    assert str(tmp_path) not in text
    plots = sorted((out / "plots").iterdir())
    assert [p.name for p in plots] == sorted(PLOTS)
    for path in plots:
        with Image.open(path) as image:
            assert min(image.size) > 400
            assert len(np.unique(np.asarray(image.convert("L")))) > 20


def test_equal_runs_give_equal_bytes_whatever_the_workers(thirty, tmp_path: Path) -> None:
    for name, workers in (("a", 1), ("b", 4)):
        prepare(thirty.root, tmp_path / name, settings=replace(SMALL, workers=workers))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_second_run_does_nothing(thirty, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare(thirty.root, out, settings=SMALL)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    again = prepare(thirty.root, out, settings=replace(SMALL, workers=1))
    assert again.unchanged
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before


def test_a_run_with_a_lost_file_starts_over_only_with_overwrite(thirty, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = prepare(thirty.root, out, settings=SMALL)
    lost = first.manifest.folder / first.manifest.rows[0].processed_image
    lost.unlink()
    with pytest.raises(OutputExistsError, match="--overwrite"):
        prepare(thirty.root, out, settings=SMALL)
    assert not prepare(thirty.root, out, settings=SMALL, overwrite=True).unchanged
    assert lost.is_file()


def test_other_settings_need_overwrite(thirty, tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = prepare(thirty.root, out, settings=SMALL).manifest.record.split_hash
    with pytest.raises(OutputExistsError, match="other settings"):
        prepare(thirty.root, out, settings=replace(SMALL, seed=7))
    assert read_manifest(out).record.split_hash == old
    new = prepare(thirty.root, out, settings=replace(SMALL, seed=7), overwrite=True)
    assert new.manifest.record.split_hash != old


def test_a_changed_input_is_noticed(thirty, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare(thirty.root, out, settings=SMALL)
    thirty.add("benign", 99)
    with pytest.raises(OutputExistsError, match="other files"):
        prepare(thirty.root, out, settings=SMALL)


def test_a_foreign_folder_is_never_replaced(thirty, tmp_path: Path) -> None:
    photo = tmp_path / "out" / "processed" / "holiday.txt"
    photo.parent.mkdir(parents=True)
    photo.write_text("mine")
    with pytest.raises(OutputExistsError, match="never replaced"):
        prepare(thirty.root, tmp_path / "out", settings=SMALL, overwrite=True)
    assert photo.read_text() == "mine"


def test_the_data_set_is_never_written_into(thirty) -> None:
    with pytest.raises(InvalidInputError, match="lies in the data set"):
        prepare(thirty.root, thirty.root / "out", settings=SMALL)
    assert not (thirty.root / "out").exists()


def test_twins_stay_together_and_contradictions_are_left_out(
    thirty, texture, tmp_path: Path
) -> None:
    for label, number, seed in (("benign", 50, 7), ("benign", 51, 7), ("benign", 60, 8),
                                ("malignant", 60, 8)):  # fmt: skip
        pixels = cv2.resize(texture(seed), (100, 90)) if number == 51 else texture(seed)
        thirty.add(label, number, pixels)
    rows = {
        r.case_id: r for r in prepare(thirty.root, tmp_path / "o", settings=SMALL).manifest.rows
    }
    assert rows["benign (50)"].group == rows["benign (51)"].group == "benign (50)"
    assert rows["benign (50)"].part == rows["benign (51)"].part != LEFT_OUT
    for case_id in ("benign (60)", "malignant (60)"):
        assert (rows[case_id].part, rows[case_id].processed_image) == (LEFT_OUT, "")
        assert rows[case_id].flags == ("contradictory_label",)
    assert sum(row.part == LEFT_OUT for row in rows.values()) == 2


def test_folds(thirty, tmp_path: Path) -> None:
    settings = replace(SMALL, folds=3)
    rows = prepare(thirty.root, tmp_path / "out", settings=settings).manifest.rows
    assert Counter(r.part for r in rows) == {"fold_0": 10, "fold_1": 10, "fold_2": 10}
    assert (tmp_path / "out/processed/fold_2/normal").is_dir()


def test_mission_protocol_squeezes_and_names_its_leaks(thirty, texture, tmp_path: Path) -> None:
    # 21 more noisy copies of one picture: the average hash misses them, any split separates them
    rng = np.random.default_rng(0)
    for number in range(50, 71):
        noise = rng.normal(scale=12, size=(96, 120))
        thirty.add("benign", number, np.clip(texture(1050) + noise, 0, 255).astype(np.uint8))
    settings = replace(SMALL, protocol="mission")
    manifest = prepare(thirty.root, tmp_path / "out", settings=settings).manifest
    assert manifest.record.resize is ResizeMode.SQUEEZE
    assert len({row.group for row in manifest.rows}) == 31
    assert (
        "groups of near-duplicates straddle parts" in (tmp_path / "out/data_result.txt").read_text()
    )


def test_the_split_hash_does_not_count_cases_left_out(thirty, tmp_path: Path) -> None:
    rows = prepare(thirty.root, tmp_path / "out", settings=SMALL).manifest.rows
    gone = replace(rows[0], case_id="other", part=LEFT_OUT)
    assert hash_split((*rows, gone)) == hash_split(rows)
    assert hash_split(rows[1:]) != hash_split(rows)


def test_bad_cases_are_listed_and_everything_else_is_processed(thirty, tmp_path: Path) -> None:
    raw = thirty.root
    truncated = raw / "benign" / "benign (1).png"
    truncated.write_bytes(truncated.read_bytes()[:500])
    (raw / "benign" / "benign (2).png").write_text("hello")
    Image.new("L", (1, 1)).save(raw / "malignant" / "malignant (1).png")
    Image.new("1", (12000, 12000)).save(raw / "malignant" / "malignant (2).png")
    Image.new("1", (10, 10)).save(raw / "normal" / "normal (1)_mask.png")
    (raw / "benign" / "benign (3)_mask.png").unlink()
    result = prepare(raw, tmp_path / "out", settings=SMALL)
    flags = {row.case_id: row.flags for row in result.manifest.part(LEFT_OUT)}
    assert flags == {
        "benign (1)": ("unusable", "unreadable_image"),
        "benign (2)": ("unusable", "unreadable_image"),
        "benign (3)": ("unusable", "mask_missing"),
        "malignant (1)": ("unusable", "image_size"),
        "malignant (2)": ("unusable", "image_size"),
        "normal (1)": ("unusable", "mask_mismatch"),
    }
    assert {p.case_id for p in result.skipped} == flags.keys()
    assert len(result.manifest.rows) == 30
    assert len(result.manifest.part("train", "val", "test")) == 24
    again = prepare(raw, tmp_path / "out", settings=SMALL)
    assert again.unchanged
    assert [p.message for p in again.skipped] == [p.message for p in sorted(
        result.skipped, key=lambda p: p.case_id)]  # fmt: skip


def test_only_bad_cases_is_an_error(tree, tmp_path: Path) -> None:
    tree.add("benign", 1)
    (tree.root / "benign" / "benign (1).png").write_text("hello")
    with pytest.raises(DatasetError, match="none of 1 cases can be used"):
        prepare(tree.root, tmp_path / "out", settings=SMALL)
    assert not (tmp_path / "out" / "processed").exists()


def test_a_missing_class_folder_is_an_error_unless_allowed(thirty, tmp_path: Path) -> None:
    for path in (thirty.root / "normal").iterdir():
        path.unlink()
    (thirty.root / "normal").rmdir()
    with pytest.raises(DatasetError, match="missing: normal"):
        prepare(thirty.root, tmp_path / "out", settings=SMALL)
    allowed = replace(SMALL, allow_missing_classes=True)
    assert len(prepare(thirty.root, tmp_path / "out", settings=allowed).manifest.rows) == 24


def test_an_output_folder_that_cannot_be_made(thirty, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputWriteError, match="choose another output folder"):
        prepare(thirty.root, tmp_path / "file" / "out", settings=SMALL)


@pytest.mark.parametrize("written", [0, 7])
def test_a_full_disk_leaves_the_older_result_as_it_was(
    thirty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    out = tmp_path / "out"
    prepare(thirty.root, out, settings=SMALL)
    before = contents(out)
    real, count = Path.write_bytes, 0

    def fill_up(path: Path, data: bytes) -> int:
        nonlocal count
        count += 1
        if count > written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OutputWriteError, match="the disk is full"):
        prepare(thirty.root, out, settings=replace(SMALL, seed=1), overwrite=True)
    assert contents(out) == before
    assert [p.name for p in out.iterdir() if p.name.startswith(".")] == []


def test_a_read_only_disk_when_the_folder_is_moved_into_place(
    thirty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: object, target: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputWriteError, match="read-only"):
        prepare(thirty.root, tmp_path / "out", settings=SMALL)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"protocol": "random"}, "grouped or mission"),
        ({"protocol": "mission", "folds": 5}, "folds go with"),
        ({"folds": 1}, "at least 2"),
        ({"image_size_px": 8}, "32 to 2048"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        PrepareSettings(**settings)  # type: ignore[arg-type]
