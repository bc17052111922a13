"""What `evaluate` writes: complete, repeatable, self-contained, and honest about gaps."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from sonolesion.bundle.schema import BundleInfo
from sonolesion.errors import OutputWriteError
from sonolesion.evaluation import Convention, EvaluationSettings, evaluate
from sonolesion.types import RESEARCH_USE_ONLY

SETTINGS = EvaluationSettings(resamples=100, gallery=2, command="sonolesion evaluate prepared")
MISSION = dataclasses.replace(SETTINGS, convention=Convention.MISSION)
BUNDLE = BundleInfo(
    name="fake", version="1", created="2026-01-01", description="d", licence="l",
    intended_use="i", image_size_px=64, onnx_sha256="ab" * 32,
)  # fmt: skip
PLOTS = ("confusion_matrix", "dice_by_size", "precision_recall", "reliability", "roc")


@pytest.fixture(scope="module")
def out(shared, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("honest") / "out"
    evaluate(*shared, folder, settings=SETTINGS, bundle=BUNDLE)
    return folder


@pytest.fixture(scope="module")
def mission_out(shared, tmp_path_factory) -> Path:
    """The mission's convention on the mission's split."""
    predictor, manifest = shared
    record = dataclasses.replace(manifest.record, protocol="mission")
    folder = tmp_path_factory.mktemp("mission") / "out"
    evaluate(predictor, dataclasses.replace(manifest, record=record), folder, settings=MISSION)
    return folder


def test_everything_is_there(out) -> None:
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert files == {
        "cases.csv", "evaluation_results.txt", "report.html", "report.json",
        *(f"plots/{name}.{suffix}" for name in PLOTS for suffix in ("png", "csv")),
    }  # fmt: skip


def test_plots_have_150_dpi_and_numbers(out) -> None:
    for name in PLOTS:
        with Image.open(out / "plots" / f"{name}.png") as image:
            assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert len((out / "plots" / f"{name}.csv").read_text().splitlines()) > 1


def test_report_json_keeps_its_schema(out) -> None:
    report = json.loads((out / "report.json").read_text())
    assert list(report) == [
        "schema_version", "kind", "note", "command", "bundle", "data", "settings", "warnings",
        "segmentation", "mission_convention", "classification", "subgroups", "missed_malignant",
        "false_positive_normals", "failures",
    ]  # fmt: skip
    assert report["schema_version"] == 2
    assert list(report["bundle"]) == ["name", "version", "sha256", "trained_on_split"]
    assert list(report["data"]) == [
        "protocol", "split_hash", "split_seed", "part", "n", "n_groups", "class_counts"
    ]  # fmt: skip
    assert list(report["segmentation"]) == [
        "lesion_dice", "lesion_dice_benign", "lesion_dice_malignant", "lesion_iou",
        "lesion_hd95_px", "lesion_nsd", "missed_lesions", "marked_normals",
        "marked_normal_area_percent", "pixel_accuracy",
    ]  # fmt: skip
    assert list(report["segmentation"]["lesion_dice"]) == [
        "label", "value", "low", "high", "n", "n_groups", "unit", "reason"
    ]  # fmt: skip
    parts = report["classification"]
    assert list(parts) == [
        "overall", "per_class", "ranking", "calibration", "decision", "confusion_matrix"
    ]  # fmt: skip
    assert parts["decision"] is None
    assert list(parts["overall"]) == [
        "accuracy", "precision_weighted", "recall_weighted", "f1_weighted", "f1_macro"
    ]  # fmt: skip
    assert list(parts["ranking"]) == [
        "auc_malignant_vs_benign", "auc_malignant_vs_rest", "sensitivity_at_specificity_90",
        "specificity_at_sensitivity_95",
    ]  # fmt: skip
    assert list(parts["calibration"]) == ["ece", "brier"]
    assert parts["confusion_matrix"]["counts"] == [[1, 1, 0], [0, 1, 1], [1, 0, 2]]
    assert report["missed_malignant"] == ["malignant (1)", "malignant (2)"]
    assert report["false_positive_normals"] == ["normal (2)"]
    assert [f["case_id"] for f in report["failures"]] == ["malignant (2)"]


def test_every_missing_number_of_the_json_has_a_reason(predictor, keep_rows, tmp_path) -> None:
    evaluate(predictor, keep_rows("benign (1)"), tmp_path / "out", settings=SETTINGS)
    text = (tmp_path / "out" / "report.json").read_text()
    assert "NaN" not in text
    gaps = 0

    def walk(value: object) -> None:
        nonlocal gaps
        if isinstance(value, dict):
            if "reason" in value and (value["value"] is None or value["low"] is None):
                gaps += 1
                assert value["reason"]
            for inner in value.values():
                walk(inner)

    walk(json.loads(text))
    assert gaps > 10


def test_the_text_has_the_missions_layout(out) -> None:
    text = (out / "evaluation_results.txt").read_text()
    for title in ("Segmentation Performance:", "Classification Performance:",
                  "Class-wise Classification Results:", "Confusion Matrix"):  # fmt: skip
        assert title in text
    assert "- Dice Coefficient (lesion cases): 0.5000" in text
    assert "n = 5" in text
    assert re.search(r"- Benign: Precision 0\.5000, Recall 0\.5000, .*\(2 samples\)", text)
    assert re.search(r"malignant +1 +0 +2\n", text)
    assert "malignant (2): E-IMG-002" in text
    assert RESEARCH_USE_ONLY in text


def test_the_mission_text_names_its_convention_and_order(mission_out) -> None:
    text = (mission_out / "evaluation_results.txt").read_text()
    assert "Convention:  mission" in text
    assert "- Mean Intersection over Union (IoU): 0.4762" in text  # (3 + 1/3) / 7
    assert "over 200 random orders" in text
    report = json.loads((mission_out / "report.json").read_text())
    assert report["mission_convention"]["batch_dice_over_orders"]["shuffles"] == 200
    assert "pixel_accuracy" not in report["segmentation"]


def test_the_same_call_writes_the_same_report(shared, out, tmp_path) -> None:
    evaluate(*shared, tmp_path / "again", settings=SETTINGS, bundle=BUNDLE)
    for name in ("report.json", "report.html", "evaluation_results.txt",
                 *(f"plots/{p}.{s}" for p in PLOTS for s in ("png", "csv"))):  # fmt: skip
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


class _Page(HTMLParser):
    VOID = frozenset({"meta", "br", "input", "image", "line", "path", "use", "stop", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.unlabelled: list[str] = []
        self.loads: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [given["id"]] if given.get("id") else []
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("role") == "img" and not given.get("aria-label"):
            self.unlabelled.append(tag)
        self.scripts += tag == "script"
        for name in ("src", "href", "xlink:href"):
            self.loads += [given[name] or ""] if name in given else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_is_well_formed_self_contained_and_accessible(out) -> None:
    html = (out / "report.html").read_text()
    page = _Page()
    page.feed(html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:],
                                                            strict=False))  # fmt: skip
    assert page.unlabelled == []
    assert page.scripts == 0
    assert all(load.startswith(("#", "data:image/jpeg;base64,")) for load in page.loads)
    assert {load[1:] for load in page.loads if load.startswith("#")} <= set(page.ids)
    assert "http" not in html
    assert RESEARCH_USE_ONLY in html
    assert "prefers-color-scheme:dark" in html
    assert 'lang="en"' in html


def test_the_page_shows_no_folder_of_this_machine(out, shared) -> None:
    for name in ("report.html", "report.json", "cases.csv", "evaluation_results.txt"):
        assert shared[1].record.dataset_root not in (out / name).read_text()


def test_the_leak_banner_stands_on_the_missions_split_only(out, mission_out) -> None:
    assert "This split leaks" not in (out / "report.html").read_text()
    html = (mission_out / "report.html").read_text()
    assert "This split leaks" in html
    assert ".6320" in html


def test_published_figures_stand_only_beside_those_of_the_same_images(shared, tmp_path) -> None:
    evaluate(*shared, tmp_path / "out", settings=MISSION)
    assert ".6320" not in (tmp_path / "out" / "report.html").read_text()


def test_a_folder_that_cannot_be_written_fails_before_the_first_case(manifest, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputWriteError):
        evaluate(None, manifest, tmp_path / "file" / "out", settings=SETTINGS)  # type: ignore[arg-type]


def test_no_prediction_at_all_still_gives_a_report_without_foreign_markup(
    refusing, manifest, tmp_path
) -> None:
    first, *rest = manifest.rows
    evil = dataclasses.replace(first, case_id="<script>alert(1)</script>")
    odd = dataclasses.replace(manifest, rows=(evil, *rest))
    report = evaluate(refusing, odd, tmp_path / "out", settings=SETTINGS)
    assert report.figure("accuracy").value == 0.0
    assert report.figure("lesion_dice").value == 0.0
    assert report.figure("missed_lesions").value == 1.0
    assert len(report.failures) == 7
    assert "<script>" not in (tmp_path / "out" / "report.html").read_text()


def test_a_part_with_one_normal_gives_a_report(predictor, keep_rows, tmp_path) -> None:
    report = evaluate(predictor, keep_rows("normal (1)"), tmp_path / "out", settings=SETTINGS)
    assert report.figure("accuracy").value == 1.0
    assert (tmp_path / "out" / "report.html").exists()
