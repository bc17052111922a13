"""The figures of a report, worked out by hand, and the published ones reproduced."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest

from sonolesion.bundle.schema import BundleInfo
from sonolesion.errors import InvalidInputError
from sonolesion.evaluation import (
    CaseResult,
    Convention,
    EvaluationSettings,
    build_report,
    score_cases,
)
from sonolesion.evaluation.classification import ClassTable, classification_figures
from sonolesion.evaluation.estimate import Estimator
from sonolesion.evaluation.segmentation import lesion_figures
from sonolesion.evaluation.subgroups import subgroup_figures
from sonolesion.types import LesionClass

SETTINGS = EvaluationSettings(resamples=100)
MISSION = EvaluationSettings(resamples=100, convention=Convention.MISSION)
ESTIMATOR = Estimator(100, 42)


def report_of(predictor, manifest, settings=SETTINGS, bundle=None):
    cases = score_cases(predictor, manifest, settings=settings)
    return build_report(cases, manifest, settings=settings, bundle=bundle)


def lesion(case_id: str, dice: float | None, **changes: object) -> CaseResult:
    result = CaseResult(
        case_id=case_id, group=case_id, label=LesionClass.BENIGN, predicted=LesionClass.BENIGN,
        class_prob=(0.0, 1.0, 0.0), class_logits=None, dice=dice, iou=dice, pixel_accuracy=1.0,
        hd95_px=0.0, nsd=1.0, true_lesion_px=10, predicted_lesion_px=10, height_px=10, width_px=10,
        missed=False, false_positive=False, error="", seconds=0.0,
    )  # fmt: skip
    return dataclasses.replace(result, **changes)


def test_lesion_figures_by_hand(predictor, manifest) -> None:
    report = report_of(predictor, manifest)
    # Dice of the five lesions: 1, 1/2, 0 (missed), 0 (no prediction), 1
    assert report.figure("lesion_dice").value == pytest.approx(2.5 / 5)
    assert report.figure("lesion_dice").n == 5
    assert report.figure("lesion_iou").value == pytest.approx((1 + 1 / 3 + 1) / 5)
    assert report.figure("lesion_dice_benign").value == pytest.approx(0.75)
    assert report.figure("lesion_dice_malignant").value == pytest.approx(1 / 3)
    assert report.figure("lesion_hd95_px").value == pytest.approx((0 + 5 + 80 + 80 + 0) / 5)
    assert report.figure("missed_lesions").value == pytest.approx(2 / 5)
    assert report.figure("marked_normals").value == pytest.approx(1 / 2)
    assert report.figure("marked_normals").n == 2
    assert report.figure("marked_normal_area_percent").value == pytest.approx(50 * 16 / 3072)
    right = 1 + (1 - 16 / 3072) + 1 + (1 - 100 / 3072) * 2 + 0 + 1
    assert report.figure("pixel_accuracy").value == pytest.approx(right / 7)


def test_classification_figures_by_hand(predictor, manifest) -> None:
    report = report_of(predictor, manifest)
    assert report.classification.confusion.tolist() == [[1, 1, 0], [0, 1, 1], [1, 0, 2]]
    assert report.figure("accuracy").value == pytest.approx(4 / 7)
    assert report.figure("accuracy").n == 7
    assert report.figure("recall_malignant").value == pytest.approx(2 / 3)
    assert report.figure("recall_malignant").n == 3
    assert report.figure("precision_benign").value == pytest.approx(1 / 2)
    # malignant scores .7, .9 and 0 (no prediction) against .1, .1, .2, .6: 8 of 12 pairs in order
    assert report.figure("auc_malignant").value == pytest.approx(8 / 12)
    assert report.figure("auc_malignant_vs_rest").value == pytest.approx(8 / 12)


def test_the_mission_convention_by_hand(predictor, manifest) -> None:
    report = report_of(predictor, manifest, MISSION)
    # normal (1) is empty against empty and scores 1; the case without a prediction 0
    iou = (1 + 0) + (1 + 1 / 3) + (0 + 0 + 1)
    assert report.figure("mission_iou").value == pytest.approx(iou / 7)
    # one batch of seven: 250 shared pixels, 316 marked, 500 true
    assert report.figure("mission_dice").value == pytest.approx(2 * 250 / (316 + 500))
    assert report.order is not None
    # one batch holds them all, so the order cannot matter
    assert report.order.low == report.order.high == report.figure("mission_dice").value


def test_the_batch_dice_depends_on_the_order_once_there_are_two_batches() -> None:
    from sonolesion.evaluation.case_table import PackedMask, ScoredCase
    from sonolesion.evaluation.segmentation import mission_figures

    full, empty = np.ones((4, 4), np.bool_), np.zeros((4, 4), np.bool_)
    cases = [
        ScoredCase(
            lesion(f"{i:02}", 1.0), None,  # type: ignore[arg-type]
            truth=PackedMask.pack(full if i >= 16 else empty),
            predicted=PackedMask.pack(full if i >= 16 or i == 0 else empty),
        )
        for i in range(32)
    ]  # fmt: skip
    figures, order = mission_figures(cases, ESTIMATOR)
    # first batch: one false mark on empty truths, 0; second batch: perfect, 1
    assert figures[1].value == pytest.approx(0.5)
    assert order.low < order.median <= order.high
    assert order.median > 0.9


def test_the_published_confusion_matrix_gives_the_published_figures() -> None:
    published = [[5, 8, 0], [0, 37, 7], [0, 7, 14]]
    pairs = [(t, p) for t, p in product(range(3), repeat=2) for _ in range(published[t][p])]
    truth, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    table = ClassTable(truth, predicted, np.eye(3)[predicted], tuple(map(str, range(len(pairs)))))
    found = {row.key: row for row in classification_figures(table, ESTIMATOR).overall}
    assert round(found["accuracy"].value, 4) == 0.7179
    assert round(found["precision_weighted"].value, 4) == 0.7475
    assert round(found["recall_weighted"].value, 4) == 0.7179
    assert round(found["f1_weighted"].value, 4) == 0.7069


def test_a_gap_is_refused_not_averaged() -> None:
    with pytest.raises(InvalidInputError, match="nan"):
        lesion_figures([lesion("a", 1.0), lesion("b", None)], ESTIMATOR)


def test_a_lesion_case_with_an_empty_truth_is_left_out_and_said(predictor, keep_rows) -> None:
    cases = score_cases(predictor, keep_rows("benign (1)", "benign (2)"), settings=SETTINGS)
    odd = dataclasses.replace(cases[1].result, true_lesion_px=0, dice=None, iou=None)
    cases = (cases[0], dataclasses.replace(cases[1], result=odd))
    report = build_report(cases, keep_rows("benign (1)", "benign (2)"), settings=SETTINGS)
    assert (report.figure("lesion_dice").value, report.figure("lesion_dice").n) == (1.0, 1)
    assert "1 cases of a lesion class have an empty true mask" in " ".join(report.warnings)


def test_what_a_part_cannot_show_is_none_with_a_reason(predictor, keep_rows) -> None:
    report = report_of(predictor, keep_rows("benign (1)", "benign (2)"))
    auc, normals = report.figure("auc_malignant_vs_benign"), report.figure("marked_normals")
    assert (auc.value, auc.reason) == (None, "needs malignant and benign cases")
    assert (normals.value, normals.n, normals.reason) == (None, 0, "no such case in this part")
    # both cases are one group: there is a mean, but no interval
    dice = report.figure("lesion_dice")
    assert (dice.value, dice.low, dice.reason) == (0.75, None, "one group only: no interval")


def test_intervals_resample_groups_not_images() -> None:
    values = [0.0, 0.0, 1.0, 1.0]
    alone = ESTIMATOR.mean("k", "k", values=values, groups=["a", "b", "c", "d"])
    paired = ESTIMATOR.mean("k", "k", values=values, groups=["a", "a", "b", "b"])
    assert (paired.low, paired.high, paired.n, paired.n_groups) == (0.0, 1.0, 4, 2)
    assert alone.n_groups == 4


def test_a_share_on_which_all_agree_has_wilsons_interval() -> None:
    found = ESTIMATOR.rate("k", "k", flags=[False] * 13, groups=[str(i) for i in range(13)])
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.2281, abs=1e-4)
    assert "Wilson" in found.reason


def test_a_seed_fixes_every_figure_and_no_figure_depends_on_another(predictor, manifest) -> None:
    first, second = report_of(predictor, manifest), report_of(predictor, manifest)
    assert first.all_figures() == second.all_figures()
    only = ESTIMATOR.mean("lesion_dice", "Dice, lesion cases",
                          values=[r.dice or 0.0 for r in first.results if r.has_truth],
                          groups=[r.group for r in first.results if r.has_truth])  # fmt: skip
    assert only == first.figure("lesion_dice")


def test_subgroups_are_worst_first_and_small_ones_are_named() -> None:
    rows = [lesion(f"{i:02}", i / 32, true_lesion_px=1 + i) for i in range(33)]
    rows[0] = dataclasses.replace(rows[0], flags=("several_masks",))
    found = subgroup_figures(rows, ESTIMATOR)
    assert [row.key for row in found] == [
        "dice_size_small", "dice_size_medium", "dice_size_large", "dice_flag_several_masks"
    ]  # fmt: skip
    assert found[0].value == pytest.approx(sum(range(11)) / 11 / 32)
    assert (found[3].value, found[3].n) == (None, 1)
    assert "too few" in found[3].reason


@pytest.mark.parametrize(
    ("protocol", "training", "expected"),
    [
        ("mission", {}, "This split leaks"),
        ("grouped", {"split_hash": "another"}, "trained on split another"),
        ("grouped", {"split_hash": "another", "datasets": ["unlike"]}, ""),
        ("grouped", {}, ""),
    ],
)
def test_warnings_say_what_is_wrong_with_the_split(
    predictor, keep_rows, protocol, training, expected
) -> None:
    manifest = keep_rows("benign (1)", "malignant (3)")
    manifest = dataclasses.replace(
        manifest, record=dataclasses.replace(manifest.record, protocol=protocol)
    )
    bundle = BundleInfo(
        name="fake", version="1", created="2026-01-01", description="d", licence="l",
        intended_use="i", image_size_px=64, training=training,
    )  # fmt: skip
    warnings = " ".join(report_of(predictor, manifest, bundle=bundle).warnings)
    assert (expected in warnings) if expected else not warnings
