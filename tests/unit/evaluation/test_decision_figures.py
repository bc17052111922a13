"""The joint decision's figures, by hand, and where they stand in the report."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tiny_decision import make_decision

from sonolesion.bundle.schema import BundleInfo
from sonolesion.evaluation import Convention, EvaluationSettings, evaluate, score_cases
from sonolesion.evaluation.case_table import CaseResult
from sonolesion.evaluation.decision_figures import decision_figures
from sonolesion.evaluation.estimate import Estimator
from sonolesion.types import LesionClass, Prediction

NORMAL, BENIGN, MALIGNANT = LesionClass
DECISION = make_decision()
BUNDLE = BundleInfo(
    name="fake", version="1", created="2026-01-01", description="d", licence="l",
    intended_use="i", image_size_px=64, decision=DECISION,
)  # fmt: skip
SETTINGS = EvaluationSettings(resamples=100)
SAID: dict[str, tuple[tuple[LesionClass, ...], bool, bool]] = {
    # case: prediction set, unsure, malignant alert
    "normal (1)": ((NORMAL,), False, False),
    "normal (2)": ((NORMAL, BENIGN), True, False),
    "benign (1)": ((BENIGN,), False, False),
    "benign (2)": ((MALIGNANT,), False, True),  # wrong and sure
    "malignant (1)": ((BENIGN, MALIGNANT), True, True),
    "malignant (3)": ((MALIGNANT,), False, False),  # sure, below the operating point
}


class DecidedPredictor:
    """The fake predictor with the flags of `SAID`."""

    def __init__(self, inner) -> None:
        self._inner = inner

    def predict(self, source: Path) -> Prediction:
        members, unsure, alert = SAID.get(source.stem, ((), False, False))
        return dataclasses.replace(
            self._inner.predict(source),
            prediction_set=members, unsure=unsure, malignant_alert=alert,
        )  # fmt: skip

    def predict_square(self, image):
        return self._inner.predict_square(image)


@pytest.fixture
def results(predictor, manifest) -> tuple[CaseResult, ...]:
    cases = score_cases(DecidedPredictor(predictor), manifest, settings=SETTINGS)
    return tuple(case.result for case in cases)


def test_figures_by_hand(results) -> None:
    found = {row.key: row for row in decision_figures(results, DECISION, Estimator(100, 0))}
    # 7 cases; malignant (2) has no prediction and counts as sure, wrong and without an alert
    assert (found["unsure_share"].value, found["unsure_share"].n) == (2 / 7, 7)
    assert (found["accuracy_sure"].value, found["accuracy_sure"].n) == (3 / 5, 5)
    assert (found["set_coverage_normal"].value, found["set_coverage_normal"].n) == (1.0, 2)
    assert (found["set_coverage_benign"].value, found["set_coverage_benign"].n) == (0.5, 2)
    assert found["set_coverage_malignant"].value == pytest.approx(2 / 3)
    assert found["mean_set_size"].value == pytest.approx(8 / 6)
    assert (found["mean_set_size"].n, found["mean_set_size"].unit) == (6, "classes")
    assert found["sensitivity_frozen"].value == pytest.approx(1 / 3)
    assert (found["specificity_frozen"].value, found["specificity_frozen"].n) == (0.75, 4)
    assert "0.300 (held out 0.950, n = 20)" in found["sensitivity_frozen"].label
    # 20 held-out normals, the lowest of which sets the limit: 1 - 1/21
    assert "promised 0.952" in found["set_coverage_normal"].label
    assert "held out 0.200" in found["unsure_share"].label


def test_what_is_not_there_has_a_reason(results) -> None:
    chosen = [r for r in results if r.unsure]
    found = {row.key: row for row in decision_figures(chosen, DECISION, Estimator(100, 0))}
    assert (found["accuracy_sure"].value, found["accuracy_sure"].reason) == (
        None, "no answer is sure"
    )  # fmt: skip
    assert found["set_coverage_benign"].reason == "no benign case"


def test_they_stand_in_every_form_of_the_report(predictor, manifest, tmp_path) -> None:
    decided = DecidedPredictor(predictor)
    report = evaluate(decided, manifest, tmp_path / "out", settings=SETTINGS, bundle=BUNDLE)
    assert report.figure("mean_set_size").value == pytest.approx(8 / 6)
    part = json.loads((tmp_path / "out" / "report.json").read_text())["classification"]["decision"]
    assert list(part["figures"]) == [
        "unsure_share", "accuracy_sure", "set_coverage_normal", "set_coverage_benign",
        "set_coverage_malignant", "mean_set_size", "sensitivity_frozen", "specificity_frozen",
    ]  # fmt: skip
    assert part["held_out"]["sets"]["min_prob"] == [0.4, 0.35, 0.25]
    assert len(part["held_out"]["unsure"]["curve"]) == 2
    assert "Joint Decision" in (tmp_path / "out" / "evaluation_results.txt").read_text()
    assert "Joint decision of outline" in (tmp_path / "out" / "report.html").read_text()


def test_the_mission_convention_and_a_bundle_without_a_decision_have_none(
    predictor, manifest, tmp_path
) -> None:
    mission = dataclasses.replace(SETTINGS, convention=Convention.MISSION)
    decided, plain = DecidedPredictor(predictor), dataclasses.replace(BUNDLE, decision=None)
    for name, settings, bundle in (("a", mission, BUNDLE), ("b", SETTINGS, plain)):
        report = evaluate(decided, manifest, tmp_path / name, settings=settings, bundle=bundle)
        assert report.decision == ()
        assert "Joint" not in (tmp_path / name / "evaluation_results.txt").read_text()


def test_a_presence_without_normals_is_a_warning(predictor, manifest, tmp_path) -> None:
    presence = dataclasses.replace(DECISION.presence, n_normal=0)
    bundle = dataclasses.replace(BUNDLE, decision=make_decision(presence=presence))
    report = evaluate(
        DecidedPredictor(predictor), manifest, tmp_path, settings=SETTINGS, bundle=bundle
    )
    assert "fitted without normals" in " ".join(report.warnings)
