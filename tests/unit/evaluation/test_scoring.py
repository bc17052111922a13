"""The case table: what each case scores, and that none can drop out of it."""

from __future__ import annotations

import csv
import dataclasses
import math
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.data.manifest import Manifest
from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.evaluation import CaseResult, Convention, EvaluationSettings, score_cases
from sonolesion.evaluation.case_table import PackedMask, write_case_table
from sonolesion.types import LesionClass

DEFAULT = EvaluationSettings(resamples=100)
MISSION = EvaluationSettings(resamples=100, convention=Convention.MISSION)


def score(predictor, manifest: Manifest, settings=DEFAULT) -> dict[str, CaseResult]:
    cases = score_cases(predictor, manifest, settings=settings)
    return {case.result.case_id: case.result for case in cases}


def test_scores_by_hand(predictor, manifest) -> None:
    found = score(predictor, manifest)
    exact, shifted = found["benign (1)"], found["benign (2)"]
    assert (exact.dice, exact.iou, exact.nsd, exact.hd95_px) == (1.0, 1.0, 1.0, 0.0)
    assert (exact.predicted, exact.missed) == (LesionClass.BENIGN, False)
    assert shifted.dice == pytest.approx(0.5)
    assert shifted.iou == pytest.approx(1 / 3)
    assert shifted.hd95_px == pytest.approx(5.0)  # both borders moved by 5 px
    assert shifted.pixel_accuracy == pytest.approx(1 - 100 / 3072)
    assert (shifted.true_lesion_px, shifted.predicted_lesion_px) == (100, 100)


def test_a_miss_costs_the_dice_and_the_diagonal(predictor, manifest) -> None:
    missed = score(predictor, manifest)["malignant (1)"]
    assert missed.missed
    assert (missed.dice, missed.iou, missed.nsd) == (0.0, 0.0, 0.0)
    assert missed.hd95_px == math.hypot(48, 64) == 80.0


def test_normals_have_no_lesion_scores(predictor, manifest) -> None:
    found = score(predictor, manifest)
    clean, marked = found["normal (1)"], found["normal (2)"]
    assert (clean.dice, clean.hd95_px, clean.nsd, clean.false_positive) == (None, None, None, False)
    assert (marked.hd95_px, marked.false_positive, marked.missed) == (None, True, False)


def test_a_case_without_a_prediction_stays_in_the_table_as_a_miss(predictor, manifest) -> None:
    failed = score(predictor, manifest)["malignant (2)"]
    assert failed.predicted is None
    assert failed.class_prob is None
    assert (failed.dice, failed.missed, failed.hd95_px) == (0.0, True, 80.0)
    assert failed.true_lesion_px == 100
    assert (failed.counted_class, failed.counted_prob) == (LesionClass.NORMAL, (1.0, 0.0, 0.0))


def test_a_normal_without_a_prediction_is_a_false_positive(refusing, manifest) -> None:
    failed = score(refusing, manifest)["normal (1)"]
    assert failed.false_positive
    assert (failed.counted_class, failed.counted_prob) == (LesionClass.MALIGNANT, (0.0, 0.0, 1.0))


def test_an_error_names_the_file_inside_the_data_set_only(predictor, manifest) -> None:
    error = score(predictor, manifest)["malignant (2)"].error
    assert "malignant/malignant (2).png" in error
    assert manifest.record.dataset_root not in error


def test_every_row_is_scored_whatever_files_are_missing(predictor, manifest) -> None:
    root = Path(manifest.record.dataset_root)
    (root / "benign" / "benign (1).png").unlink()
    (root / "benign" / "benign (2)_mask.png").unlink()
    found = score(predictor, manifest)
    assert set(found) == {row.case_id for row in manifest.rows}
    assert found["benign (1)"].error
    assert found["benign (1)"].dice == 0.0
    # a truth that cannot be read is a miss too, of the area that the manifest knows
    assert (found["benign (2)"].missed, found["benign (2)"].true_lesion_px) == (True, 100)


def test_an_image_that_changed_since_prepare_is_refused(predictor, manifest) -> None:
    path = Path(manifest.record.dataset_root) / "benign" / "benign (1).png"
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(path)
    assert "40x40 px, the manifest says 64x48" in score(predictor, manifest)["benign (1)"].error


def test_order_is_class_then_file_name_whatever_the_manifest_says(predictor, manifest) -> None:
    rows = list(manifest.rows)
    random.Random(0).shuffle(rows)
    shuffled = dataclasses.replace(manifest, rows=tuple(rows))
    assert list(score(predictor, shuffled)) == [
        "normal (1)", "normal (2)", "benign (1)", "benign (2)",
        "malignant (1)", "malignant (2)", "malignant (3)",
    ]  # fmt: skip


def test_the_mission_convention_compares_in_the_square(predictor, manifest) -> None:
    cases = score_cases(predictor, manifest, settings=MISSION)
    assert {case.truth.shape for case in cases} == {(64, 64)}
    found = {case.result.case_id: case.result for case in cases}
    assert found["benign (2)"].dice == pytest.approx(0.5)
    assert found["benign (2)"].class_logits is not None
    assert found["malignant (2)"].hd95_px == math.hypot(64, 64)
    assert found["benign (2)"].lesion_peak == 1.0
    assert not any(result.unsure or result.prediction_set for result in found.values())


def test_raw_outputs_are_kept_in_the_honest_convention_too(predictor, manifest) -> None:
    found = score(predictor, manifest)
    assert found["malignant (3)"].class_logits == pytest.approx(
        (math.log(1e-9), math.log(0.1), math.log(0.9)), abs=1e-6
    )
    assert (found["normal (1)"].lesion_peak, found["normal (2)"].lesion_peak) == (0.0, 1.0)
    failed = found["malignant (2)"]
    assert (failed.class_logits, failed.lesion_peak, failed.unsure) == (None, None, False)


class DecidedPredictor:
    """Says of every case what a decision may: a label that is not what it says of itself."""

    def __init__(self, inner, **said: object) -> None:
        self._inner, self._said = inner, said

    def predict(self, source: Path):
        return dataclasses.replace(self._inner.predict(source), **self._said)


def test_the_predictions_own_answer_is_taken(predictor, manifest, tmp_path) -> None:
    decided = DecidedPredictor(
        predictor, label=LesionClass.MALIGNANT, unsure=True, malignant_alert=True,
        prediction_set=(LesionClass.BENIGN, LesionClass.MALIGNANT),
    )  # fmt: skip
    found = score(decided, manifest)
    normal = found["normal (1)"]
    assert normal.predicted is LesionClass.MALIGNANT  # its probabilities say normal
    assert (normal.unsure, normal.malignant_alert) == (True, True)
    write_case_table(tmp_path / "cases.csv", found.values())
    with (tmp_path / "cases.csv").open(newline="") as file:
        rows = {row["case_id"]: row for row in csv.DictReader(file)}
    assert rows["normal (2)"]["prediction_set"] == "benign;malignant"
    assert (rows["normal (2)"]["unsure"], rows["normal (2)"]["malignant_alert"]) == ("1", "1")
    assert rows["normal (2)"]["lesion_peak"] == "1.0"
    assert rows["malignant (2)"]["prediction_set"] == rows["malignant (2)"]["lesion_peak"] == ""


def test_an_unknown_part_names_the_parts_there(predictor, manifest) -> None:
    with pytest.raises(InvalidInputError, match=r"'dev' has no case.*parts there: test"):
        score(predictor, manifest, EvaluationSettings(part="dev"))


def test_a_data_set_that_moved_is_an_error_unless_its_place_is_given(predictor, manifest) -> None:
    root = Path(manifest.record.dataset_root)
    moved = root.rename(root.parent / "elsewhere")
    with pytest.raises(DatasetError, match="--dataset"):
        score(predictor, manifest)
    found = score(predictor, manifest, EvaluationSettings(dataset_root=moved))
    assert found["benign (1)"].dice == 1.0


def test_progress_is_told_after_each_case(predictor, manifest) -> None:
    told: list[tuple[int, int, str]] = []
    score_cases(predictor, manifest, settings=DEFAULT, progress=lambda *a: told.append(a))
    assert told[0] == (1, 7, "normal (1)")
    assert told[-1] == (7, 7, "malignant (3)")


def test_the_csv_leaves_undefined_cells_empty(predictor, manifest, tmp_path) -> None:
    write_case_table(tmp_path / "cases.csv", score(predictor, manifest).values())
    with (tmp_path / "cases.csv").open(newline="") as file:
        rows = {row["case_id"]: row for row in csv.DictReader(file)}
    assert rows["normal (1)"]["dice"] == ""
    assert rows["benign (2)"]["dice"] == "0.5"
    assert (rows["malignant (2)"]["predicted"], rows["malignant (2)"]["missed"]) == ("", "1")
    assert rows["malignant (3)"]["prob_malignant"] == "0.9"


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 8)])
def test_a_packed_mask_comes_back(shape) -> None:
    mask = np.random.default_rng(1).random(shape) > 0.5
    assert np.array_equal(PackedMask.pack(mask).unpack(), mask)


@pytest.mark.parametrize("bad", [{"resamples": 99}, {"gallery": -1}])
def test_settings_out_of_range_are_refused(bad) -> None:
    with pytest.raises(InvalidInputError, match="expected"):
        EvaluationSettings(**bad)
