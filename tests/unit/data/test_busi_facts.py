"""What is known of BUSI (counts, the published split, its twins), found by the code itself."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.data.audit import Audit, audit
from sonolesion.data.audit_files import count_findings
from sonolesion.data.manifest import LEFT_OUT
from sonolesion.data.prepare import PrepareResult, PrepareSettings, prepare
from sonolesion.data.verify import verify
from sonolesion.types import LesionClass

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.fixture(scope="module")
def found(busi_root: Path) -> Audit:
    return audit(busi_root)


@pytest.fixture(scope="module")
def grouped(busi_root: Path, tmp_path_factory: pytest.TempPathFactory) -> PrepareResult:
    out = tmp_path_factory.mktemp("grouped")
    return prepare(busi_root, out, settings=PrepareSettings())


@pytest.fixture(scope="module")
def mission(busi_root: Path, tmp_path_factory: pytest.TempPathFactory) -> PrepareResult:
    out = tmp_path_factory.mktemp("mission")
    return prepare(busi_root, out, settings=PrepareSettings(protocol="mission"))


def test_audit_counts(found: Audit) -> None:
    report = found.report
    assert report.images == {"normal": 133, "benign": 437, "malignant": 210}
    assert report.masks == {"normal": 133, "benign": 454, "malignant": 211}
    assert len(report.several_masks) == 17
    assert len(report.colour) == 15
    assert report.problems == report.orphan_masks == report.odd_files == ()
    assert report.empty_masks == report.masks_on_normals == ()


def test_audit_finds_the_known_twins(found: Audit) -> None:
    pairs = {(p.first, p.second): p for p in found.report.pairs}
    same = pairs["benign (433)", "malignant (145)"]
    assert (same.correlation, same.dhash_distance) == (1.0, 0)
    groups = {group.case_ids for group in found.report.groups}
    assert ("benign (131)", "benign (42)", "malignant (51)") in groups
    assert ("benign (399)", "malignant (93)") in groups


def test_audit_does_not_take_a_hash_collision_for_twins(found: Audit) -> None:
    together = {i for group in found.report.groups for i in group.case_ids if i == "benign (47)"}
    assert not together
    doubtful = {frozenset((p.first, p.second)) for p in found.report.doubtful}
    assert frozenset(("benign (47)", "normal (15)")) not in doubtful


def test_audit_counts_contradictions(found: Audit) -> None:
    """246 confirmed pairs were looked at one by one: all show one scan or neighbouring frames."""
    counts = count_findings(found.report)
    assert counts["contradictory_label_groups"] == 8
    assert counts["contradictory_label_pairs"] == 11
    assert counts["confirmed_pairs"] == pytest.approx(246, abs=3)
    assert counts["images_with_twins"] == pytest.approx(350, abs=4)
    assert max(len(group.case_ids) for group in found.report.groups) == 7


def test_mission_split_is_the_published_one(mission: PrepareResult) -> None:
    manifest = mission.manifest
    assert manifest.record.split_hash == "85c37779ebb7"
    assert Counter((r.part, r.label.value) for r in manifest.rows if r.part != LEFT_OUT) == {
        ("train", "benign"): 346, ("train", "malignant"): 167, ("train", "normal"): 103,
        ("val", "benign"): 43, ("val", "malignant"): 21, ("val", "normal"): 13,
        ("test", "benign"): 44, ("test", "malignant"): 21, ("test", "normal"): 13,
    }  # fmt: skip
    removed = manifest.part(LEFT_OUT)
    assert {row.case_id for row in removed} == {
        "benign (18)", "benign (254)", "benign (297)", "benign (298)", "malignant (145)",
        "normal (15)", "normal (31)", "normal (63)", "normal (98)",
    }  # fmt: skip
    assert {row.flags[-1] for row in removed} == {"hash_duplicate"}
    assert verify(mission.out).findings == ()


def test_mission_split_leaks_as_published_audits_say(mission: PrepareResult) -> None:
    """About 29 % of test images have a twin in train; found here with shifted copies: 37 %."""
    (warning,) = verify(mission.out).warnings
    assert "groups of near-duplicates straddle parts" in warning
    rows = mission.manifest.rows
    trained = {row.group for row in rows if row.part == "train"}
    assert sum(r.part == "test" and r.group in trained for r in rows) == pytest.approx(29, abs=1)


def test_grouped_split_is_stratified_and_passes_verify(
    grouped: PrepareResult, busi_root: Path
) -> None:
    manifest = grouped.manifest
    used = [row for row in manifest.rows if row.part != LEFT_OUT]
    assert len(manifest.part(LEFT_OUT)) == 19
    assert {"benign (433)", "malignant (145)", "benign (42)", "malignant (51)", "benign (131)"} <= {
        row.case_id for row in manifest.part(LEFT_OUT)
    }
    for label in LesionClass:
        total = sum(row.label is label for row in used)
        for part, share in (("train", 0.8), ("val", 0.1), ("test", 0.1)):
            here = sum(row.label is label for row in manifest.part(part))
            assert here == pytest.approx(share * total, abs=1.5)
    assert verify(grouped.out, dataset=busi_root).findings == ()


def test_grouped_squares_keep_the_aspect_ratio(grouped: PrepareResult) -> None:
    row = next(r for r in grouped.manifest.part("train") if r.width_px > 1.3 * r.height_px)
    with Image.open(grouped.manifest.folder / row.processed_image) as image:
        pixels = np.asarray(image)
    padding = (256 - round(256 * row.height_px / row.width_px)) // 2
    assert padding > 20
    assert not pixels[:padding].any()
    assert pixels[padding].any()
