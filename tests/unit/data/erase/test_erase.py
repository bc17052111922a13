"""A whole prepared folder: rows, files, repeatability, verify."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from marked_scan import SHAPE, disc, draw_scan, speckle
from PIL import Image

from sonolesion.data import prepare as prepare_module
from sonolesion.data.erase import EraseSettings, erase
from sonolesion.data.manifest import (
    LEFT_OUT,
    Manifest,
    ManifestRow,
    hash_split,
    read_manifest,
    write_manifest,
)
from sonolesion.data.prepare import PrepareSettings, prepare
from sonolesion.data.verify import verify
from sonolesion.errors import DatasetError, InvalidInputError, OutputExistsError
from sonolesion.imaging.geometry import plan_fit

TOO_LARGE = "malignant (4)"
SIZE = 128


def write_case(root: Path, label: str, number: int, pixels: np.ndarray, mask: np.ndarray) -> None:
    (root / label).mkdir(parents=True, exist_ok=True)
    stem = root / label / f"{label} ({number})"
    Image.fromarray(pixels).save(f"{stem}.png")
    Image.fromarray(mask.astype(np.uint8) * 255).save(f"{stem}_mask.png")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 benign, 4 malignant (the last nearly fills its image), 4 normal."""
    root = tmp_path_factory.mktemp("raw")
    for number in range(1, 7):
        scan = draw_scan(number, radius=15 + number)
        write_case(root, "benign", number, scan.pixels, scan.mask)
    for number in range(1, 5):
        scan = draw_scan(10 + number, radius=20, shadow=True, caliper=True)
        mask = disc(120, 180, 110) if number == 4 else scan.mask
        write_case(root, "malignant", number, scan.pixels, mask)
        plain = np.clip(speckle(20 + number), 0, 255).astype(np.uint8)
        write_case(root, "normal", number, plain, np.zeros(SHAPE, np.bool_))
    return root


@pytest.fixture(scope="module")
def made(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `prepared` and `erased`, made once."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare_module, "draw_prepared", lambda _: {})
        settings = PrepareSettings(image_size_px=SIZE, workers=2)
        prepare(raw, folder / "prepared", settings=settings)
    erase(folder / "prepared", folder / "erased", settings=EraseSettings(workers=2))
    return folder


@pytest.fixture
def prepared(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "prepared", tmp_path / "prepared"))


@pytest.fixture
def erased(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "erased", tmp_path / "erased"))


def read_grey(folder: Path, name: str) -> np.ndarray:
    return np.array(Image.open(folder / "processed" / name))


def hashes(out: Path) -> dict[str, str]:
    files = sorted(p for p in (out / "processed").rglob("*") if p.is_file())
    return {
        p.relative_to(out).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }


def findings(out: Path) -> dict[str, list[str]]:
    report = verify(out, workers=1, look_for_twins=False)
    return {c.name: [f.message for f in c.findings] for c in report.checks if c.findings}


def edit_row(out: Path, of_case: str, /, **changes: object) -> None:
    """Change columns of one row and leave all else in good order."""
    manifest = read_manifest(out)
    rows = tuple(replace(r, **changes) if r.case_id == of_case else r for r in manifest.rows)  # type: ignore[arg-type]
    write_manifest(Manifest(rows, manifest.record, manifest.folder))


def pick(out: Path, flag: str) -> ManifestRow:
    return next(row for row in read_manifest(out).rows if flag in row.flags)


def test_rows_are_kept_and_derived_ones_follow_their_sources(prepared: Path, erased: Path) -> None:
    before, after = read_manifest(prepared), read_manifest(erased)
    assert tuple(row for row in after.rows if not row.is_derived) == before.rows
    source = {row.case_id: row for row in before.rows}
    derived = [row for row in after.rows if row.is_derived]
    assert {f for row in derived for f in row.flags} >= {"erased", "control"}
    for row in derived:
        origin = source[row.source_id]
        assert (row.part, row.group) == (origin.part, origin.group)
        assert (row.image, row.masks) == (origin.image, origin.masks)
        assert (row.image_sha256, row.masks_sha256) == (origin.image_sha256, origin.masks_sha256)
        if "erased" in row.flags:
            assert row.case_id == f"{origin.case_id} erased"
            assert origin.label.value != "normal"
            assert (row.label.value, row.lesion_px) == ("normal", 0)
            assert not read_grey(erased, row.processed_mask).any()
        else:
            assert row.case_id == f"{origin.case_id} control"
            assert (row.label, row.lesion_px) == (origin.label, origin.lesion_px)
            assert np.array_equal(read_grey(erased, row.processed_mask),
                                  read_grey(prepared, origin.processed_mask))  # fmt: skip


def test_the_split_and_its_hash_are_the_sources(prepared: Path, erased: Path) -> None:
    before, after = read_manifest(prepared), read_manifest(erased)
    assert after.record.split_hash == before.record.split_hash == hash_split(after.rows)
    for part in ("train", "val", "test", LEFT_OUT):
        assert after.part(part) == before.part(part)
    more = after.part("train", derived=True)
    assert len(more) > len(after.part("train"))
    assert {row.part for row in more} == {"train"}


def test_the_lesion_is_gone_from_the_square(erased: Path) -> None:
    manifest = read_manifest(erased)
    source = {row.case_id: row for row in manifest.rows}
    fit = plan_fit(*SHAPE, SIZE, manifest.record.resize)
    rows = slice(fit.top_px, fit.top_px + fit.content_height_px)
    done = [row for row in manifest.rows if "erased" in row.flags]
    assert len(done) >= 7
    for row in done:
        origin = source[row.source_id]
        lesion = read_grey(erased, origin.processed_mask)[rows] > 0
        old = read_grey(erased, origin.processed_image)[rows].astype(float)
        new = read_grey(erased, row.processed_image)[rows].astype(float)
        assert old[lesion].mean() < 60
        assert new[lesion].mean() == pytest.approx(120, abs=10)


def test_what_cannot_be_covered_is_skipped_with_the_reason(prepared: Path, tmp_path: Path) -> None:
    result = erase(prepared, tmp_path / "erased", settings=EraseSettings(workers=1))
    reasons = {(item.case_id, item.kind): item.reason for item in result.skipped}
    assert reasons[(TOO_LARGE, "erased")] == "too_large"
    assert not any(item.is_fault for item in result.skipped)
    ids = {row.case_id for row in result.manifest.rows}
    assert TOO_LARGE in ids
    assert f"{TOO_LARGE} erased" not in ids


def test_workers_do_not_matter_and_the_seed_does(prepared: Path, tmp_path: Path) -> None:
    for name, seed, workers in (("a", 1, 1), ("b", 1, 4), ("c", 2, 2)):
        erase(prepared, tmp_path / name, settings=EraseSettings(seed=seed, workers=workers))
    first, second, other = (hashes(tmp_path / name) for name in "abc")
    assert first == second
    assert first != other


def test_a_second_run_does_nothing_and_other_settings_are_refused(
    prepared: Path, erased: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in erased.rglob("*") if p.is_file()}
    again = erase(prepared, erased, settings=EraseSettings(workers=1))
    assert again.unchanged
    assert any(item.case_id == TOO_LARGE for item in again.skipped)
    assert {p: p.stat().st_mtime_ns for p in erased.rglob("*") if p.is_file()} == before
    with pytest.raises(OutputExistsError, match="--overwrite"):
        erase(prepared, erased, settings=EraseSettings(seed=7))
    done = erase(prepared, erased, settings=EraseSettings(controls=False), overwrite=True)
    assert not done.unchanged
    assert not any("control" in row.flags for row in done.manifest.rows)


def test_a_lost_file_is_made_again(prepared: Path, erased: Path) -> None:
    before = hashes(erased)
    (erased / "processed" / pick(erased, "erased").processed_image).unlink()
    assert not erase(prepared, erased, settings=EraseSettings(), overwrite=True).unchanged
    assert hashes(erased) == before


def test_limit_derives_from_the_first_cases_only(prepared: Path, tmp_path: Path) -> None:
    result = erase(prepared, tmp_path / "few", settings=EraseSettings(limit=2))
    first = [row.case_id for row in read_manifest(prepared).rows if row.part != LEFT_OUT][:2]
    derived = [row for row in result.manifest.rows if row.is_derived]
    assert derived
    assert {row.source_id for row in derived} <= set(first)
    assert len(result.manifest.rows) == 14 + len(derived)


def test_a_broken_raw_file_costs_one_row(prepared: Path, raw: Path, tmp_path: Path) -> None:
    path = raw / "benign" / "benign (2).png"
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:200])
        result = erase(prepared, tmp_path / "erased", settings=EraseSettings(workers=2))
        faults = [item for item in result.skipped if item.is_fault]
        assert {(f.case_id, f.reason) for f in faults} == {("benign (2)", "unusable")}
        assert "benign (2).png" in faults[0].message
        Image.fromarray(draw_scan(99).pixels).save(path)
        other = erase(prepared, tmp_path / "other", settings=EraseSettings(workers=2))
        assert {(f.case_id, f.reason) for f in other.skipped if f.is_fault} == {
            ("benign (2)", "changed")
        }
    finally:
        path.write_bytes(whole)
    sources = {row.source_id for row in result.manifest.rows if row.is_derived}
    assert "benign (2)" not in sources
    assert len(sources) >= 10
    assert "benign (2)" in {row.case_id for row in result.manifest.rows}
    assert findings(tmp_path / "erased") == {}


def test_left_out_rows_are_kept_and_nothing_is_made_of_them(prepared: Path, tmp_path: Path) -> None:
    manifest = read_manifest(prepared)
    row = next(r for r in manifest.part("train") if r.label.value == "benign")
    for name in (row.processed_image, row.processed_mask):
        (manifest.folder / name).unlink()
    gone = replace(row, part=LEFT_OUT, processed_image="", processed_mask="", processed_sha256="")
    rows = tuple(gone if r is row else r for r in manifest.rows)
    record = replace(manifest.record, split_hash=hash_split(rows))
    write_manifest(Manifest(rows, record, manifest.folder))
    result = erase(prepared, tmp_path / "erased", settings=EraseSettings())
    assert gone in result.manifest.rows
    assert row.case_id not in {r.source_id for r in result.manifest.rows if r.is_derived}
    assert findings(tmp_path / "erased") == {}


def test_a_folder_of_derived_rows_and_bad_places_are_refused(
    prepared: Path, erased: Path, raw: Path, tmp_path: Path
) -> None:
    for source, out in ((erased, tmp_path / "x"), (prepared, prepared), (prepared, raw / "x")):
        with pytest.raises(InvalidInputError):
            erase(source, out, settings=EraseSettings())
    with pytest.raises(InvalidInputError):
        EraseSettings(seed=-1)


def test_a_raw_data_set_that_moved_away_is_one_error(prepared: Path, tmp_path: Path) -> None:
    manifest = read_manifest(prepared)
    record = replace(manifest.record, dataset_root=str(tmp_path / "gone"))
    write_manifest(Manifest(manifest.rows, record, manifest.folder))
    with pytest.raises(DatasetError, match="gone: the raw data set"):
        erase(prepared, tmp_path / "erased", settings=EraseSettings())


def test_verify_passes_with_raw_files_and_twins(erased: Path, raw: Path) -> None:
    report = verify(erased, dataset=raw, workers=1)
    assert report.findings == ()
    checked = {check.name: check.checked for check in report.checks}
    assert checked["derived"] == sum(r.is_derived for r in read_manifest(erased).rows)
    assert checked["raw"] == 14


def test_verify_fails_where_a_derived_row_left_its_sources_part(erased: Path) -> None:
    row = pick(erased, "erased")
    part = "test" if row.part == "train" else "train"
    names = [n.replace(row.part, part, 1) for n in (row.processed_image, row.processed_mask)]
    for old, new in zip((row.processed_image, row.processed_mask), names, strict=True):
        (erased / "processed" / new).parent.mkdir(parents=True, exist_ok=True)
        (erased / "processed" / old).rename(erased / "processed" / new)
    edit_row(erased, row.case_id, part=part, processed_image=names[0], processed_mask=names[1])
    found = findings(erased)
    assert found.keys() == {"derived", "groups"}
    assert row.part in found["derived"][0]
    edit_row(erased, row.case_id, group="another")
    assert findings(erased).keys() == {"derived"}


@pytest.mark.parametrize(
    ("flag", "changes", "message"),
    [
        ("control", {"case_id": "nobody control"}, "has no source"),
        ("erased", {"image_sha256": "0"}, "image_sha256"),
        ("control", {"lesion_px": 7}, "7 lesion pixels"),
    ],
)
def test_verify_fails_where_a_derived_row_contradicts_its_source(
    erased: Path, flag: str, changes: dict[str, object], message: str
) -> None:
    row = next(
        r for r in read_manifest(erased).rows if flag in r.flags and r.source_id[:6] == "benign"
    )
    edit_row(erased, row.case_id, **changes)
    assert any(message in text for text in findings(erased)["derived"])


def test_the_summary_counts_derived_rows_apart(prepared: Path, erased: Path) -> None:
    before, after = ((p / "data_result.txt").read_text() for p in (prepared, erased))
    extra = set(after.splitlines()) - set(before.splitlines())
    assert set(before.splitlines()) <= set(after.splitlines())
    assert len(extra) == 2
    assert all("for training only" in line for line in extra)
